-- name: get_delivery
-- A reply to send, with all that decides about it; no row when contact or channel are gone.
select d.id, d.status, d.requests_sent, d.channel_id, ch.status as channel_status, s.page_key,
  i.subscriber_id, i.last_inbound_at, now() as now,
  case d.kind when 'answer' then m.content
    else app.text_in(ch.unavailable_texts, c.language, ch.default_language) end as text
from public.message_deliveries as d
join public.messages as m on m.id = d.message_id
join public.channels as ch on ch.id = d.channel_id
join app.channel_secrets as s on s.channel_id = d.channel_id
join public.contacts as c on c.id = d.contact_id
join public.contact_identities as i on i.channel_id = d.channel_id and i.contact_id = d.contact_id
where d.id = %(delivery_id)s
order by i.last_inbound_at desc
limit 1;

-- name: begin_delivery
-- To be committed before the request: sending means go on.
select app.begin_delivery(%(delivery_id)s) as status;

-- name: settle_delivery
-- What became of a request.
select app.settle_delivery(%(delivery_id)s, %(status)s, %(requests_sent)s, %(is_offline)s, %(code)s, %(message)s);

-- name: take_token
-- Seconds to wait for one request under the vendor's limit; beyond the patience none is taken.
select app.take_tokens(%(bucket)s, %(rate)s, %(burst)s, 1, %(patience)s) as wait;

-- name: hold_bucket
-- The vendor asked us to slow down.
select app.hold_bucket(%(bucket)s, %(seconds)s);

-- name: get_channel
-- The key to check; no row when the channel is gone.
select s.channel_id, s.page_key from app.channel_secrets as s
where s.channel_id = %(channel_id)s and s.page_key is not null;

-- name: channel_checked
-- The vendor knows the key.
select app.channel_checked(%(channel_id)s, %(page_key)s, %(page_name)s);

-- name: break_channel
-- The vendor refuses the key.
select app.break_channel(%(channel_id)s, %(page_key)s, %(code)s, %(message)s);

-- name: get_webhook
-- A copy to send; no row when the endpoint is gone.
select d.id, d.event, d.body, d.status, e.url, e.status as endpoint_status, s.secret
from app.webhook_deliveries as d
join public.webhook_endpoints as e on e.id = d.endpoint_id
join app.webhook_secrets as s on s.endpoint_id = d.endpoint_id
where d.id = %(delivery_id)s;

-- name: webhook_delivered
-- It arrived.
select app.webhook_delivered(%(delivery_id)s);

-- name: purge
-- Forgets old keys of duplicates, ended deliveries and idle buckets.
select app.purge_messaging(make_interval(days => %(inbound_days)s), make_interval(days => %(body_days)s));
