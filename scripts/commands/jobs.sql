-- name: list
-- The newest jobs that match; a null filter matches all. Queued jobs whose provider is paused say until when.
select j.id, j.workspace_id, w.name as workspace, j.kind, j.lane, j.status, j.gate, j.stage, j.progress, j.attempts,
  j.max_attempts, j.run_at, p.paused_until, j.error_code, j.error_message, j.cancel_requested_at, j.created_at,
  j.started_at, j.finished_at
from public.jobs as j
left join public.workspaces as w on w.id = j.workspace_id
left join app.provider_pauses as p
  on p.provider = j.provider and p.paused_until > now() and j.status = 'queued'
where (%(status)s::text is null or j.status = %(status)s)
  and (%(kind)s::text is null or j.kind = %(kind)s)
  and (%(workspace_id)s::uuid is null or j.workspace_id = %(workspace_id)s)
order by j.id desc
limit %(limit)s;

-- name: show
-- One job with everything there is to know about it.
select j.*, w.name as workspace, p.paused_until, p.reason as pause_reason
from public.jobs as j
left join public.workspaces as w on w.id = j.workspace_id
left join app.provider_pauses as p
  on p.provider = j.provider and p.paused_until > now() and j.status = 'queued'
where j.id = %(id)s;

-- name: cancel
-- Stops a queued job at once, asks a running one to stop; a row of nulls when it is gone or has ended.
select * from app.stop_job(%(id)s);

-- name: retry
-- Queues a failed or cancelled job again, by the rules of the RPC.
select * from app.restart_job(%(id)s);
