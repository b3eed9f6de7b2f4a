-- Purpose:  what a browser may do with jobs: cancel, retry, delete, ask for the place in the queue.
-- Risk:     none, new functions only.
-- Way back: drop the functions of this file.
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- Rights
------------------------------------------------------------------------------------------------
create function app.permission_of_job(p_job public.jobs) returns text
language sql stable security definer set search_path = ''
begin atomic
  select k.permission from app.job_kinds as k where k.kind = (p_job).kind;
end;

comment on function app.permission_of_job(public.jobs) is 'What a member needs to change this job; null: nothing in particular. Domains may know better than the kind. Internal.';

create function app.lock_own_job(p_job_id bigint) returns public.jobs
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_job public.jobs;
  v_permission text;
begin
  select * into v_job from public.jobs as j
  where j.id = p_job_id and j.workspace_id = any (array(select app.workspaces_with('jobs.read')))
  for no key update;
  if not found then
    perform app.fail(404, 'job.not_found', 'There is no such job.');
  end if;
  v_permission := app.permission_of_job(v_job);
  if v_job.created_by is distinct from app.user_id() and not app.has_permission(v_job.workspace_id, 'jobs.manage')
    and not (v_job.created_by is null and v_permission is not null and app.has_permission(v_job.workspace_id, v_permission)) then
    perform app.fail(403, 'job.forbidden', 'You may change your own jobs; others'' need the permission jobs.manage.');
  end if;
  if v_permission is not null and not app.has_permission(v_job.workspace_id, v_permission) then
    perform app.fail(403, 'job.forbidden', format('This job is changed by whoever has the permission %s.', v_permission));
  end if;
  return v_job;
end;
$$;

comment on function app.lock_own_job(bigint) is
  'The job, locked, if the caller may change it: one''s own, or with jobs.manage, or nobody''s with the permission it asks for; else 404 or 403.';

revoke execute on function app.permission_of_job(public.jobs) from public, anon, authenticated, service_role;
revoke execute on function app.lock_own_job(bigint) from public, anon, authenticated, service_role;

------------------------------------------------------------------------------------------------
-- Cancel
------------------------------------------------------------------------------------------------
create function app.stop_job(p_job_id bigint) returns public.jobs
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_job public.jobs;
begin
  update public.jobs as j
  set status = case when j.status = 'queued' then 'cancelled' else j.status end,
    gate = case when j.status = 'queued' then 'closed' else j.gate end,
    finished_at = case when j.status = 'queued' then now() end,
    cancel_requested_at = coalesce(j.cancel_requested_at, now())
  where j.id = p_job_id and j.gate <> 'closed'
  returning * into v_job;
  if v_job.status = 'running' then
    perform pg_catalog.pg_notify('lamina_cancel', p_job_id::text);
  end if;
  return v_job;
end;
$$;

comment on function app.stop_job(bigint) is 'Cancels a queued job at once and asks a running one to stop.';

create function app.cancel_job(p_job_id bigint) returns public.jobs
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_job public.jobs := app.lock_own_job(p_job_id);
begin
  if v_job.gate = 'closed' then
    perform app.fail(409, 'job.finished', format('The job has already ended: it is %s.', v_job.status));
  end if;
  return app.stop_job(p_job_id);
end;
$$;

comment on function app.cancel_job(bigint) is 'Behind public.cancel_job: checks the caller''s rights.';

create function public.cancel_job(p_job_id bigint) returns public.jobs
language sql volatile security invoker set search_path = ''
begin atomic
  select * from app.cancel_job(p_job_id);
end;

comment on function public.cancel_job(bigint) is
  'Cancels a job of yours: at once when it is queued, within seconds when it runs. Errors: job.not_found, job.forbidden, job.finished.';

------------------------------------------------------------------------------------------------
-- Retry
------------------------------------------------------------------------------------------------
create function app.restart_job(p_job_id bigint) returns public.jobs
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_job public.jobs;
begin
  select * into v_job from public.jobs as j where j.id = p_job_id for no key update;
  if not found then
    perform app.fail(404, 'job.not_found', 'There is no such job.');
  end if;
  if v_job.status not in ('failed', 'cancelled') then
    perform app.fail(409, 'job.not_retryable', format('Only a failed or cancelled job can be tried again; this one is %s.', v_job.status));
  end if;
  if exists (select from public.jobs as j where j.dedupe_key = v_job.dedupe_key and j.gate <> 'closed') then
    perform app.fail(409, 'job.duplicate', 'The same work is already queued or running.');
  end if;
  perform app.lock_ordering_key(v_job.ordering_key);
  update public.jobs as j
  set status = 'queued', attempts = 0, run_at = now(), stage = null, progress = 0, worker_id = null,
    cancel_requested_at = null, error_code = null, error_message = null, started_at = null, finished_at = null,
    fair_tag = app.next_fair_tag(j.lane, j.workspace_id, (select k.cost from app.job_kinds as k where k.kind = j.kind)),
    gate = case
      when exists (select from public.jobs as o where o.ordering_key = j.ordering_key and o.gate <> 'closed') then 'ordered'
      else 'open' end
  where j.id = p_job_id
  returning * into v_job;
  perform pg_catalog.pg_notify('lamina_jobs', v_job.lane);
  return v_job;
end;
$$;

comment on function app.restart_job(bigint) is 'Queues an ended job again, for operators and behind app.retry_job: asks nobody''s rights.';

create function app.retry_job(p_job_id bigint) returns public.jobs
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform app.lock_own_job(p_job_id);
  return app.restart_job(p_job_id);
end;
$$;

comment on function app.retry_job(bigint) is 'Behind public.retry_job: checks the caller''s rights.';

create function public.retry_job(p_job_id bigint) returns public.jobs
language sql volatile security invoker set search_path = ''
begin atomic
  select * from app.retry_job(p_job_id);
end;

comment on function public.retry_job(bigint) is
  'Queues a failed or cancelled job of yours again, with all its attempts. Errors: job.not_found, job.forbidden, job.not_retryable, job.duplicate.';

------------------------------------------------------------------------------------------------
-- Delete
------------------------------------------------------------------------------------------------
create function app.delete_job(p_job_id bigint) returns void
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform app.lock_own_job(p_job_id);
  perform app.stop_job(p_job_id);
  -- A running one ends here, so that what it was about does not wait for it for ever.
  update public.jobs as j set status = 'cancelled', gate = 'closed', finished_at = now()
  where j.id = p_job_id and j.gate <> 'closed';
  delete from public.jobs as j where j.id = p_job_id;
end;
$$;

comment on function app.delete_job(bigint) is
  'Behind public.delete_job. A running attempt finds its lease gone, stops, and can commit nothing.';

create function public.delete_job(p_job_id bigint) returns void
language sql volatile security invoker set search_path = ''
begin atomic
  select app.delete_job(p_job_id);
end;

comment on function public.delete_job(bigint) is 'Deletes a job of yours in any state. Errors: job.not_found, job.forbidden.';

------------------------------------------------------------------------------------------------
-- Place in the queue
------------------------------------------------------------------------------------------------
create function app.queue_position(p_job_id bigint) returns int
language plpgsql stable security definer set search_path = '' as $$
declare
  v_job public.jobs;
begin
  select * into v_job from public.jobs as j
  where j.id = p_job_id and j.workspace_id = any (array(select app.workspaces_with('jobs.read')));
  if not found then
    perform app.fail(404, 'job.not_found', 'There is no such job.');
  end if;
  if v_job.status <> 'queued' then
    return 0;
  end if;
  return 1 + (
    select count(*) from (
      select from public.jobs as j
      where j.lane = v_job.lane and j.gate = 'open' and j.status = 'queued'
        and (j.fair_tag, j.id) < (v_job.fair_tag, v_job.id)
      limit 10000) as ahead);
end;
$$;

comment on function app.queue_position(bigint) is 'Behind public.queue_position: counts other workspaces'' jobs without showing them.';

create function public.queue_position(p_job_id bigint) returns int
language sql stable security invoker set search_path = ''
begin atomic
  select app.queue_position(p_job_id);
end;

comment on function public.queue_position(bigint) is
  'How many jobs of its lane come first, counting itself: 1 is next; 0 when it is not queued; 10001 and more are not counted out. Error: job.not_found.';

revoke execute on function app.stop_job(bigint) from public, anon, authenticated, service_role;
revoke execute on function app.restart_job(bigint) from public, anon, authenticated, service_role;
revoke execute on function app.cancel_job(bigint) from public, anon, authenticated, service_role;
revoke execute on function app.retry_job(bigint) from public, anon, authenticated, service_role;
revoke execute on function app.delete_job(bigint) from public, anon, authenticated, service_role;
revoke execute on function app.queue_position(bigint) from public, anon, authenticated, service_role;
revoke execute on function public.cancel_job(bigint) from public, anon, authenticated, service_role;
revoke execute on function public.retry_job(bigint) from public, anon, authenticated, service_role;
revoke execute on function public.delete_job(bigint) from public, anon, authenticated, service_role;
revoke execute on function public.queue_position(bigint) from public, anon, authenticated, service_role;
grant execute on function app.cancel_job(bigint) to authenticated;
grant execute on function app.retry_job(bigint) to authenticated;
grant execute on function app.delete_job(bigint) to authenticated;
grant execute on function app.queue_position(bigint) to authenticated;
grant execute on function public.cancel_job(bigint) to authenticated;
grant execute on function public.retry_job(bigint) to authenticated;
grant execute on function public.delete_job(bigint) to authenticated;
grant execute on function public.queue_position(bigint) to authenticated;
