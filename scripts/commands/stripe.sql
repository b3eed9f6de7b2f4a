-- name: events
-- The newest events of Stripe's with what became of them, and of the jobs that apply them.
select e.event_id, e.type, e.object_id, e.received_at, e.outcome, e.applied_at, e.job_id, j.status as job_status,
  j.error_code, j.error_message
from app.stripe_events as e
left join public.jobs as j on j.id = e.job_id
where not %(open)s or e.outcome is null
order by e.received_at desc, e.event_id
limit %(limit)s;

-- name: event_job
-- The job that applies an event; null when it needed none.
select e.job_id, j.id is not null as exists from app.stripe_events as e
left join public.jobs as j on j.id = e.job_id
where e.event_id = %(event_id)s;
