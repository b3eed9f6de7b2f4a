-- name: open
-- What is needed to write an e-mail; no row when none is to be sent.
select n.* from app.open_notification(%(id)s) as n;

-- name: begin
-- Committed before the provider is called: is_ours says whether it may be.
select coalesce(app.begin_sending(%(id)s, %(provider)s), false) as is_ours;

-- name: release
-- The provider has not taken it.
select app.release_notification(%(id)s);

-- name: end
-- What became of it.
select app.end_notification(%(id)s, %(status)s, %(error_code)s, %(error_message)s, %(provider_message_id)s);

-- name: suppress
-- No more e-mail to an address.
select app.suppress(%(email)s, %(reason)s);

-- name: get_batch
-- Events to apply, unless they were.
select b.events from app.mail_batches as b where b.id = %(batch_id)s and b.applied_at is null;

-- name: apply_batch
-- Writes what became of messages.
select app.apply_mail_events(%(batch_id)s, %(effects)s);

-- name: purge
-- Notifications and events that nobody needs any more.
select app.purge_notifications(make_interval(days => %(days)s)) as purged;
