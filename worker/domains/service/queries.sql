-- name: get_message
-- Words of a contact on a channel, with the language they are known to write; no row when they are gone.
select m.id as message_id, null::uuid as ticket_message_id, m.workspace_id, m.content as text, c.language
from public.messages as m
join public.contacts as c on c.id = m.contact_id
where m.id = %(id)s;

-- name: get_ticket_message
-- Words of a customer that a member wrote down; no row when they are gone.
select null::uuid as message_id, m.id as ticket_message_id, m.workspace_id, m.body as text, c.language
from public.ticket_messages as m
join public.tickets as t on t.id = m.ticket_id
left join public.contacts as c on c.id = t.contact_id
where m.id = %(id)s;

-- name: reserve_rating
-- Whether the plan has room for a rating that costs.
select app.reserve_rating(%(workspace_id)s, %(job_id)s) as has_room;

-- name: save_sentiment
-- A rating; the ticket whose mood it belongs to, if any.
select app.save_sentiment(%(message_id)s, %(ticket_message_id)s, %(score)s::real, %(label)s, %(confidence)s::real,
  %(language)s, %(provider)s, %(model)s) as ticket_id;

-- name: ticket_mood
-- Locks the ticket: its mood so far, and the latest known scores, newest first; no row when it is gone.
select m.before, m.scores from app.ticket_mood(%(ticket_id)s, %(limit)s) as m;

-- name: set_ticket_mood
-- The ticket's mood, and whether somebody is to be told.
select app.set_ticket_mood(%(ticket_id)s, %(score)s::real, %(label)s, %(is_alert)s);

-- name: check_clocks
-- How many tickets missed a promise or were closed.
select app.check_ticket_clocks(make_interval(days => %(days)s), %(limit)s) as count;
