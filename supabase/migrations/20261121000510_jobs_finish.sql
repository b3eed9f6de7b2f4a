-- Purpose:  the end of jobs: finish set-based, next in order, broadcast, schedules, retention, numbers for operators.
-- Risk:     none, new functions and triggers on public.jobs only.
-- Way back: drop the functions of this file (cascade drops the triggers).
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- Finish
------------------------------------------------------------------------------------------------
create function app.finish_jobs(
  p_worker_id text, p_ids bigint[], p_attempts int[], p_outcomes text[],
  p_error_codes text[], p_error_messages text[], p_delays float8[]
) returns setof bigint
language sql volatile security definer set search_path = ''
set enable_seqscan = off set enable_bitmapscan = off set enable_hashjoin = off set enable_mergejoin = off
begin atomic
  with given as (
    select g.id, g.attempt, g.error_code, g.error_message,
      pg_catalog.now() + pg_catalog.make_interval(secs => greatest(coalesce(g.delay, 0), 0)) as run_at,
      -- `next` is the status the outcome leads to.
      case g.outcome
        when 'done' then 'succeeded'
        when 'fail' then 'failed'
        when 'cancelled' then 'cancelled'
        when 'retry' then 'retry'
        when 'defer' then 'queued'
        when 'release' then 'queued'
      end as next,
      coalesce(g.delay, 0) > 0 as waits
    from unnest(p_ids, p_attempts, p_outcomes, p_error_codes, p_error_messages, p_delays)
      as g (id, attempt, outcome, error_code, error_message, delay)
  ),
  -- Row by row by primary key (`offset 0` fences it off): the planner takes status = 'running' for rarer than it is
  -- and would walk the whole table. The lock makes what was proved here still true for the update.
  verdict as materialized (
    select given.*, case
      when given.next = 'retry' and j.attempts >= j.max_attempts then 'failed'
      -- A wish to cancel that the worker had not heard yet must not wait for the next attempt.
      when given.next in ('retry', 'queued') and j.cancel_requested_at is not null then 'cancelled'
      when given.next = 'retry' then 'queued'
      else given.next end as status,
      given.attempt - case when given.next = 'queued' then 1 else 0 end as attempts_left
    from given
    cross join lateral (
      select r.attempts, r.max_attempts, r.cancel_requested_at from public.jobs as r
      where r.id = given.id and r.attempts = given.attempt and r.worker_id = p_worker_id and r.status = 'running'
      offset 0
      for no key update) as j
  )
  update public.jobs as j
  set status = v.status,
    gate = case when v.status <> 'queued' then 'closed' when v.waits then 'timed' else 'open' end,
    attempts = v.attempts_left,
    run_at = case when v.status = 'queued' then v.run_at else j.run_at end,
    finished_at = case when v.status = 'queued' then null else pg_catalog.now() end,
    progress = case when v.status = 'succeeded' then 1 else j.progress end,
    error_code = v.error_code,
    error_message = v.error_message,
    worker_id = case when v.status = 'queued' then null else j.worker_id end,
    lease_until = null
  from verdict as v
  where j.id = v.id
  returning j.id;
end;

comment on function app.finish_jobs(text, bigint[], int[], text[], text[], text[], float8[]) is
  'Ends attempts, fenced by worker and attempt; returns the ids that were still ours. Outcomes: done, fail, cancelled, retry (counts; failed after the last), defer and release (count nothing). Delays in seconds.';

revoke execute on function app.finish_jobs(text, bigint[], int[], text[], text[], text[], float8[]) from public, anon, authenticated, service_role;
grant execute on function app.finish_jobs(text, bigint[], int[], text[], text[], text[], float8[]) to lamina_worker;

------------------------------------------------------------------------------------------------
-- Next in order
------------------------------------------------------------------------------------------------
create function app.open_next_in_order() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_lane text;
begin
  perform app.lock_ordering_key(old.ordering_key);
  update public.jobs as j
  set gate = case when j.run_at > clock_timestamp() then 'timed' else 'open' end,
    fair_tag = app.next_fair_tag(j.lane, j.workspace_id, (select k.cost from app.job_kinds as k where k.kind = j.kind))
  where j.gate = 'ordered'
    and j.id = (
      select s.id from public.jobs as s
      where s.ordering_key = old.ordering_key and s.gate <> 'closed'
      order by s.id limit 1)
  returning j.lane into v_lane;
  if found then
    perform pg_catalog.pg_notify('lamina_jobs', v_lane);
  end if;
  return null;
end;
$$;

comment on function app.open_next_in_order() is 'When a job with an ordering key ends or is deleted, its successor may be claimed.';

revoke execute on function app.open_next_in_order() from public, anon, authenticated, service_role;

create trigger open_next_after_end after update of gate on public.jobs
  for each row when (new.gate = 'closed' and old.gate <> 'closed' and old.ordering_key is not null)
  execute function app.open_next_in_order();
comment on trigger open_next_after_end on public.jobs is 'An ended job lets its successor in.';

create trigger open_next_after_delete after delete on public.jobs
  for each row when (old.gate <> 'closed' and old.ordering_key is not null)
  execute function app.open_next_in_order();
comment on trigger open_next_after_delete on public.jobs is 'So does a deleted one.';

------------------------------------------------------------------------------------------------
-- Broadcast
------------------------------------------------------------------------------------------------
create function app.broadcast_job() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform realtime.send(
    jsonb_build_object('id', new.id, 'kind', new.kind, 'subject_id', new.subject_id, 'status', new.status,
                       'stage', new.stage, 'progress', new.progress, 'error_code', new.error_code),
    'job', 'workspace:' || new.workspace_id, true);
  return null;
end;
$$;

comment on function app.broadcast_job() is 'A hint to members that a job moved; the row is the truth.';

revoke execute on function app.broadcast_job() from public, anon, authenticated, service_role;

create trigger broadcast_change after update of status, stage, progress on public.jobs
  for each row when (
    new.subject_id is not null and new.workspace_id is not null
    and (new.status, new.stage, new.progress) is distinct from (old.status, old.stage, old.progress))
  execute function app.broadcast_job();
comment on trigger broadcast_change on public.jobs is 'Jobs about a subject are watched; the others make no noise.';

------------------------------------------------------------------------------------------------
-- Schedules, retention, numbers
------------------------------------------------------------------------------------------------
create function app.fire_schedule(p_name text, p_tick timestamptz, p_kind text) returns bigint
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_id bigint;
begin
  insert into app.schedule_ticks (name, tick) values (p_name, p_tick) on conflict do nothing;
  if not found then
    return null;
  end if;
  v_id := app.enqueue(p_kind, p_dedupe_key => 'schedule:' || p_name);
  update app.schedule_ticks as t set job_id = v_id where t.name = p_name and t.tick = p_tick;
  return v_id;
end;
$$;

comment on function app.fire_schedule(text, timestamptz, text) is
  'Enqueues a scheduled job once per tick, however many workers fire; null when another worker was first. A tick whose predecessor is unfinished joins it.';

create function app.purge_jobs(p_older_than interval, p_limit int default 10000) returns bigint
language sql volatile security definer set search_path = ''
begin atomic
  with old_ticks as (
    delete from app.schedule_ticks as t where t.tick < pg_catalog.now() - greatest(p_older_than, interval '2 days')
  ),
  gone as (
    delete from public.jobs as j
    where j.id in (
      select o.id from public.jobs as o
      where o.finished_at < pg_catalog.now() - p_older_than and o.gate = 'closed'
      limit p_limit)
    returning 1
  )
  select pg_catalog.count(*) from gone;
end;

comment on function app.purge_jobs(interval, int) is 'Deletes ended jobs older than this, at most p_limit; returns how many.';

create function app.job_stats()
returns table (lane text, status text, jobs bigint, oldest_seconds float8)
language sql stable security definer set search_path = ''
begin atomic
  select j.lane, j.status, pg_catalog.count(*),
    coalesce(extract(epoch from pg_catalog.now() - pg_catalog.min(j.run_at)), 0)::float8
  from (
    select o.lane, o.status, o.run_at from public.jobs as o where o.gate = 'open'
    union all
    select t.lane, t.status, t.run_at from public.jobs as t where t.gate = 'timed'
    union all
    select w.lane, w.status, w.run_at from public.jobs as w
    where w.ordering_key is not null and w.gate <> 'closed' and w.gate = 'ordered'
  ) as j
  group by j.lane, j.status;
end;

comment on function app.job_stats() is 'Unfinished jobs by lane and status, and how long the oldest has been due: for metrics and alerts.';

revoke execute on function app.fire_schedule(text, timestamptz, text) from public, anon, authenticated, service_role;
revoke execute on function app.purge_jobs(interval, int) from public, anon, authenticated, service_role;
revoke execute on function app.job_stats() from public, anon, authenticated, service_role;
grant execute on function app.fire_schedule(text, timestamptz, text) to lamina_worker;
grant execute on function app.purge_jobs(interval, int) to lamina_worker;
grant execute on function app.job_stats() to lamina_worker;
