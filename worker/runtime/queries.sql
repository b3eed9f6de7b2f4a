-- name: claim
-- Leases jobs of several lanes in one go, fairest first; the columns in the order of worker.runtime.job.Job.
select j.id, j.kind, j.lane, j.attempts, j.max_attempts, j.args, j.workspace_id, j.subject_id, j.created_by, j.provider
from app.claim_jobs(%(worker_id)s, %(lanes)s::text[], %(limits)s::int[], %(kinds)s::text[], %(lease_seconds)s) as j
order by j.fair_tag, j.id;

-- name: heartbeat
-- Extends all leases of a worker; ids that are not returned are lost.
select h.id, h.cancel_requested
from app.heartbeat_jobs(%(worker_id)s, %(ids)s::bigint[], %(attempts)s::int[], %(lease_seconds)s) as h;

-- name: finish
-- Ends attempts; returns the ids that were still this worker's.
select f.id
from app.finish_jobs(%(worker_id)s, %(ids)s::bigint[], %(attempts)s::int[], %(endings)s::text[],
                     %(codes)s::text[], %(messages)s::text[], %(delays)s::float8[]) as f (id);

-- name: finish_done
-- The same for attempts that all succeeded, which is the common case and needs two arrays only.
select f.id
from app.finish_jobs(%(worker_id)s, %(ids)s::bigint[], %(attempts)s::int[],
                     array_fill('done'::text, array[cardinality(%(ids)s::bigint[])]), '{}', '{}', '{}') as f (id);

-- name: report_progress
-- Shows members what a running attempt is doing.
select app.report_progress(%(worker_id)s, %(id)s, %(attempt)s, %(stage)s, %(progress)s::real);

-- name: pause_provider
-- Holds back the jobs of a provider that asked for patience.
select app.pause_provider(%(provider)s, %(until)s, %(reason)s);

-- name: seconds_to_next
-- Seconds until a waiting job or a paused provider comes due; null when nothing waits.
select extract(epoch from app.next_wakeup(%(lanes)s::text[]) - clock_timestamp())::float8;

-- name: fire_schedule
-- Enqueues a scheduled job; null when another worker made this tick.
select app.fire_schedule(%(name)s, %(tick)s, %(kind)s);

-- name: notify
-- Wakes the other workers of these lanes, for leases given back.
select pg_notify('lamina_jobs', lane) from unnest(%(lanes)s::text[]) as given (lane);

-- name: listen
-- New work, by lane.
listen lamina_jobs;

-- name: listen_cancel
-- Running jobs that are to stop, by id.
listen lamina_cancel;

-- name: job_stats
-- Unfinished jobs by lane and status, for the metrics.
select s.lane, s.status, s.jobs, s.oldest_seconds from app.job_stats() as s;
