-- name: get_connection
-- A connection with its credentials; no row when it is gone.
select c.id, c.kind, c.status, c.settings, c.credentials_version, c.failures, c.baseline_at,
  greatest(0, extract(epoch from c.next_try_at - now()))::float8 as wait,
  s.credentials, s.access_token, s.instance_url
from public.connections as c
join app.connection_secrets as s on s.connection_id = c.id
where c.id = %(connection_id)s;

-- name: next_contacts
-- The next contacts after the cursor, with what became of them there. A change younger than the lag is left:
-- a transaction that began before it may still commit an earlier one.
select c.id, c.updated_at, c.created_at, c.name, c.email, c.phone, c.language, c.company, c.job_title, c.source,
  c.country, c.lifecycle, c.consent_at,
  case when exists (
    select from public.contacts as o
    where o.workspace_id = c.workspace_id and o.email_key = c.email_key and o.email_consent = 'withdrawn'
  ) then 'withdrawn' else c.email_consent end as consent,
  r.status as record_status, r.sent_hash, x.cursor_at as from_at, x.cursor_id as from_id
from public.connections as x
join public.contacts as c on c.workspace_id = x.workspace_id
  and (c.updated_at, c.id) > (
    coalesce(x.cursor_at, 'epoch'), coalesce(x.cursor_id, '00000000-0000-0000-0000-000000000000'))
left join public.connection_records as r on r.connection_id = x.id and r.contact_id = c.id
where x.id = %(connection_id)s and c.updated_at <= now() - make_interval(secs => %(lag)s)
order by c.updated_at, c.id
limit %(limit)s;

-- name: begin_push
-- To be committed before what may be sent once only is sent.
select app.begin_push(%(connection_id)s, %(contact_id)s);

-- name: save_pushed
-- What became of some contacts.
select app.save_pushed(%(connection_id)s, %(records)s);

-- name: save_sync
-- A batch is done.
select app.save_sync(
  %(connection_id)s, %(records)s, %(from_at)s, %(from_id)s, %(cursor_at)s, %(cursor_id)s, %(is_offline)s);

-- name: finish_sync
-- Everything up to the lag was looked at.
select app.finish_sync(%(connection_id)s, %(version)s, make_interval(secs => %(lag)s));

-- name: connection_tested
-- The vendor accepts settings and credentials.
select app.connection_tested(%(connection_id)s, %(version)s, %(account)s, %(is_offline)s);

-- name: connection_failed
-- The vendor did not do what we asked; what the connection's status is now.
select app.connection_failed(
  %(connection_id)s, %(version)s, %(code)s, %(message)s, %(wait)s, %(counts)s, %(is_final)s) as status;

-- name: keep_token
-- For the next job.
select app.keep_access_token(%(connection_id)s, %(version)s, %(token)s, %(instance_url)s);

-- name: enqueue_due
-- Every connection that has something to send and may.
select app.enqueue_due_syncs();

-- name: get_event
-- What another system sent, with the connection's map of fields; no row when it is gone or done.
select e.body, c.settings
from app.inbound_events as e join public.connections as c on c.id = e.connection_id
where e.id = %(event_id)s and e.status <> 'applied';

-- name: apply_inbound
-- The contact it makes or changes.
select app.apply_inbound(%(event_id)s, %(person)s);

-- name: purge
-- Forgets what other systems sent long ago, links of forms that nobody confirmed, and keys of capture_contact.
select app.purge_inbound(make_interval(days => %(days)s)), app.purge_forms(make_interval(days => %(days)s));
