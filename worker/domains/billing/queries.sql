-- name: begin_event
-- An event to apply, whether it needs no reading, and the time from which the reading counts.
select e.object_type, e.object_id, app.skip_stripe_event(e.event_id) as skip, clock_timestamp() as observed_at
from app.stripe_events as e
where e.event_id = %(event_id)s;

-- name: apply_event
-- Writes all that was read for an event and closes it.
select app.apply_stripe_event(%(event_id)s, %(states)s, %(observed_at)s);

-- name: apply_state
-- Writes one state; applied, superseded or unknown.
select app.apply_stripe_state(%(kind)s, %(state)s, %(observed_at)s) as outcome;

-- name: get_session
-- What a session wants, and what is needed to open it.
select s.* from app.session_to_open(%(session_id)s) as s;

-- name: save_customer
-- The customer of the workspace from now on.
select app.save_customer(%(workspace_id)s, %(customer_id)s) as customer_id;

-- name: session_opened
-- The page is there, or the change is made.
select app.session_opened(%(session_id)s, %(stripe_session_id)s, %(url)s, %(expires_at)s, %(status)s);

-- name: get_meter_event
-- Overage to report, unless it is gone with its workspace.
select m.workspace_id, m.metric, m.customer_id, m.quantity, m.used_at, m.status
from app.meter_events as m
where m.ledger_id = %(ledger_id)s;

-- name: meter_event_sent
-- The provider has it.
select app.settle_meter_event(%(ledger_id)s, 'sent', null, null);

-- name: read_clock
-- The time from which a reading counts.
select clock_timestamp() as now;

-- name: list_subscriptions
-- Ours as they are; one, or all.
select h.id, h.status, h.price_ids, h.current_period_end, h.cancel_at_period_end, h.in_force
from app.subscriptions_held() as h
where %(id)s::text is null or h.id = %(id)s;

-- name: list_invoices
-- Ours as they are, of those the provider names.
select i.stripe_invoice_id as id, i.status, i.total, i.amount_paid, i.amount_remaining
from public.invoices as i
where i.stripe_invoice_id = any (%(ids)s);

-- name: list_open_checkouts
-- Pages that wait to be paid as far as we know, but not those of this hour: their event may be on its way.
select o.id from app.checkouts_open(interval '1 hour') as o;

-- name: list_customers
-- Customers that are ours.
select c.customer_id from app.billing_customers as c;

-- name: list_failed_meter_events
-- Overage that will not be billed by itself.
select m.ledger_id, m.error_code from app.meter_events as m where m.status = 'failed' order by m.ledger_id;

-- name: save_report
-- What a reconciliation found.
insert into app.drift_reports (dry_run, checked, drift) values (%(dry_run)s, %(checked)s, %(drift)s) returning id;

-- name: purge_events
-- Events older than any that could come again.
select app.purge_stripe_events(make_interval(days => %(days)s)) as purged;
