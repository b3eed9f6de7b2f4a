-- Purpose:  the job engine: enqueue, claim, heartbeat, progress, finish, pause, schedule, purge.
-- Risk:     none, new functions only.
-- Way back: drop the functions of this file.
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- Fair queueing: tags
------------------------------------------------------------------------------------------------
create function app.next_fair_tag(p_lane text, p_workspace_id uuid, p_cost float8) returns float8
language plpgsql stable set search_path = ''
-- Each look must be one step into an index whatever the statistics say: a queue's statistics are always stale.
set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off as $$
declare
  v_clock float8;
  v_last float8;
  v_weight float8;
begin
  select j.fair_tag into v_clock from public.jobs as j
  where j.lane = p_lane and j.gate = 'open' and j.status = 'queued'
  order by j.fair_tag, j.id limit 1;
  if not found then
    select j.fair_tag into v_clock from public.jobs as j
    where j.lane = p_lane and j.gate = 'open'
    order by j.fair_tag desc, j.id desc limit 1;
  end if;
  if p_workspace_id is not null then
    select j.fair_tag into v_last from public.jobs as j
    where j.workspace_id = p_workspace_id and j.lane = p_lane and j.gate = 'open'
    order by j.fair_tag desc limit 1;
    select w.weight into v_weight from app.workspace_weights as w where w.workspace_id = p_workspace_id;
  end if;
  return greatest(v_clock, v_last, 0) + p_cost / coalesce(v_weight, 1);
end;
$$;

comment on function app.next_fair_tag(text, uuid, float8) is
  'Start-time fair queueing (Goyal, Vin, Cheng 1996) without a counter to lock: the lane''s clock is the tag of its next queued job (or of the newest running one), the workspace''s last tag is that of its newest open job.';

revoke execute on function app.next_fair_tag(text, uuid, float8) from public, anon, authenticated, service_role;

------------------------------------------------------------------------------------------------
-- Enqueue
------------------------------------------------------------------------------------------------
create function app.enqueue(
  p_kind text,
  p_workspace_id uuid default null,
  p_subject_id uuid default null,
  p_args jsonb default '{}',
  p_dedupe_key text default null,
  p_ordering_key text default null,
  p_run_at timestamptz default now(),
  p_max_attempts int default null
) returns bigint
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_kind app.job_kinds;
  v_gate text := case when p_run_at > now() then 'timed' else 'open' end;
  v_id bigint;
begin
  select * into v_kind from app.job_kinds as k where k.kind = p_kind;
  if not found then
    perform app.fail(400, 'job.unknown_kind', format('There is no kind of job named %s.', p_kind));
  end if;
  if p_ordering_key is not null then
    perform app.lock_ordering_key(p_ordering_key);
    if exists (select from public.jobs as j where j.ordering_key = p_ordering_key and j.gate <> 'closed') then
      v_gate := 'ordered';
    end if;
  end if;
  loop
    insert into public.jobs (kind, lane, provider, workspace_id, subject_id, args, gate, run_at, fair_tag,
                             ordering_key, dedupe_key, max_attempts, created_by)
    values (p_kind, v_kind.lane, v_kind.provider, p_workspace_id, p_subject_id, p_args, v_gate, p_run_at,
            app.next_fair_tag(v_kind.lane, p_workspace_id, v_kind.cost),
            p_ordering_key, p_dedupe_key, coalesce(p_max_attempts, v_kind.max_attempts),
            case when nullif(current_setting('request.jwt.claims', true), '') is not null then app.user_id() end)
    on conflict (dedupe_key) where dedupe_key is not null and gate <> 'closed' do nothing
    returning id into v_id;
    if found then
      perform pg_catalog.pg_notify('lamina_jobs', v_kind.lane);
      return v_id;
    end if;
    select j.id into v_id from public.jobs as j where j.dedupe_key = p_dedupe_key and j.gate <> 'closed';
    if found then
      return v_id;
    end if;
  end loop;
end;
$$;

comment on function app.enqueue(text, uuid, uuid, jsonb, text, text, timestamptz, int) is
  'Adds a job in the caller''s transaction and returns its id; with a dedupe key that an unfinished job has, the id of that one.';

create function app.lock_ordering_key(p_ordering_key text) returns void
language sql volatile set search_path = ''
begin atomic
  select pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended(p_ordering_key, 7201));
end;

comment on function app.lock_ordering_key(text) is
  'Held to the end of the transaction: enqueueing behind a job and ending that job exclude each other, so no successor is forgotten.';

revoke execute on function app.enqueue(text, uuid, uuid, jsonb, text, text, timestamptz, int) from public, anon, authenticated, service_role;
revoke execute on function app.lock_ordering_key(text) from public, anon, authenticated, service_role;
grant execute on function app.enqueue(text, uuid, uuid, jsonb, text, text, timestamptz, int) to lamina_worker;

------------------------------------------------------------------------------------------------
-- Claim
------------------------------------------------------------------------------------------------
create function app.open_due_jobs() returns void
language sql volatile security definer set search_path = ''
begin atomic
  with due as (
    select j.id, j.lane, j.workspace_id, k.cost,
      pg_catalog.row_number() over (partition by j.lane, j.workspace_id order by j.run_at, j.id) as place
    from (
      select d.id, d.lane, d.workspace_id, d.kind, d.run_at from public.jobs as d
      where d.gate = 'timed' and d.run_at <= pg_catalog.clock_timestamp()
      order by d.run_at limit 500
      for update skip locked
    ) as j
    join app.job_kinds as k on k.kind = j.kind
  )
  update public.jobs as j
  set gate = 'open', fair_tag = app.next_fair_tag(due.lane, due.workspace_id, due.cost * due.place)
  from due
  where j.id = due.id;
end;

comment on function app.open_due_jobs() is 'Lets the jobs in whose time has come, with a fresh place in the fair order.';

create function app.claim_jobs(
  p_worker_id text, p_lanes text[], p_limits int[], p_kinds text[], p_lease_seconds float8
) returns setof public.jobs
language plpgsql volatile security definer set search_path = ''
set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off as $$
declare
  v_now timestamptz := clock_timestamp();
  v_paused text[] := array(select p.provider from app.provider_pauses as p where p.paused_until > v_now);
begin
  if exists (select from public.jobs as j where j.gate = 'timed' and j.run_at <= v_now) then
    perform app.open_due_jobs();
  end if;
  return query
  with next as materialized (
    select j.id, j.status = 'running' and (j.attempts >= j.max_attempts or j.cancel_requested_at is not null) as ends
    from unnest(p_lanes, p_limits) as w (lane, quota)
    cross join lateral (
      select c.id, c.status, c.attempts, c.max_attempts, c.cancel_requested_at
      from public.jobs as c
      where c.lane = w.lane and c.gate = 'open' and c.kind = any (p_kinds)
        and (c.status = 'queued' or c.lease_until < v_now)
        and (c.provider is null or c.provider <> all (v_paused))
      order by c.fair_tag, c.id
      limit w.quota
      for no key update skip locked
    ) as j
  ),
  abandoned as (
    update public.jobs as j
    set status = case when j.cancel_requested_at is null then 'failed' else 'cancelled' end,
      gate = 'closed', finished_at = v_now,
      error_code = case when j.cancel_requested_at is null then 'job.worker_lost' end,
      error_message = case when j.cancel_requested_at is null then 'The worker vanished during the last attempt.' end
    from next
    where j.id = next.id and next.ends
  )
  update public.jobs as j
  set status = 'running', attempts = j.attempts + 1, worker_id = p_worker_id, started_at = v_now,
    lease_until = v_now + make_interval(secs => p_lease_seconds)
  from next
  where j.id = next.id and not next.ends
  returning j.*;
end;
$$;

comment on function app.claim_jobs(text, text[], int[], text[], float8) is
  'Leases up to p_limits[i] jobs of lane p_lanes[i], fairest first. A job whose lease ran out is taken over, which counts as an attempt, or ended when it was the last one or was to be cancelled. Commit before working.';

create function app.next_wakeup(p_lanes text[]) returns timestamptz
language sql stable security definer set search_path = ''
begin atomic
  select pg_catalog.min(w.at) from (
    (select j.run_at as at from public.jobs as j where j.gate = 'timed' order by j.run_at limit 1)
    union all
    select p.paused_until from app.provider_pauses as p where p.paused_until > pg_catalog.now()
  ) as w
  where pg_catalog.cardinality(p_lanes) > 0;
end;

comment on function app.next_wakeup(text[]) is 'When a waiting job or a paused provider comes due next; null when nothing waits.';

revoke execute on function app.open_due_jobs() from public, anon, authenticated, service_role;
revoke execute on function app.claim_jobs(text, text[], int[], text[], float8) from public, anon, authenticated, service_role;
revoke execute on function app.next_wakeup(text[]) from public, anon, authenticated, service_role;
grant execute on function app.claim_jobs(text, text[], int[], text[], float8) to lamina_worker;
grant execute on function app.next_wakeup(text[]) to lamina_worker;

------------------------------------------------------------------------------------------------
-- While it runs
------------------------------------------------------------------------------------------------
create function app.heartbeat_jobs(p_worker_id text, p_ids bigint[], p_attempts int[], p_lease_seconds float8)
returns table (id bigint, cancel_requested boolean)
language sql volatile security definer set search_path = ''
set enable_seqscan = off set enable_bitmapscan = off set enable_hashjoin = off set enable_mergejoin = off
begin atomic
  with mine as materialized (
    select j.id, j.cancel_requested_at is not null as cancel_requested
    from unnest(p_ids, p_attempts) as given (id, attempt)
    cross join lateral (
      select r.id, r.cancel_requested_at from public.jobs as r
      where r.id = given.id and r.attempts = given.attempt and r.worker_id = p_worker_id and r.status = 'running'
      offset 0) as j
  ),
  -- A row locked elsewhere is being finished or cancelled: it stays ours in this answer, and needs no longer lease.
  free as (
    select j.id from public.jobs as j
    where j.id = any (array(select mine.id from mine)) and j.worker_id = p_worker_id and j.status = 'running'
    for no key update skip locked
  ),
  extended as (
    update public.jobs as j
    set lease_until = pg_catalog.clock_timestamp() + pg_catalog.make_interval(secs => p_lease_seconds)
    from free
    where j.id = free.id
  )
  select mine.id, mine.cancel_requested from mine;
end;

comment on function app.heartbeat_jobs(text, bigint[], int[], float8) is
  'Extends the leases of a worker''s running attempts and tells which are to be cancelled. An id that is not returned has been lost: stop that attempt.';

create function app.report_progress(p_worker_id text, p_id bigint, p_attempt int, p_stage text, p_progress real)
returns void
language sql volatile security definer set search_path = ''
begin atomic
  update public.jobs as j
  set stage = p_stage, progress = greatest(0, least(1, p_progress))
  where j.id = p_id and j.worker_id = p_worker_id and j.attempts = p_attempt and j.status = 'running';
end;

comment on function app.report_progress(text, bigint, int, text, real) is 'Shows members what a running job is doing.';

create function app.pause_provider(p_provider text, p_until timestamptz, p_reason text) returns void
language sql volatile security definer set search_path = ''
begin atomic
  insert into app.provider_pauses as p (provider, paused_until, reason)
  values (p_provider, p_until, p_reason)
  on conflict (provider) do update
    set paused_until = greatest(p.paused_until, excluded.paused_until), reason = excluded.reason, updated_at = pg_catalog.now();
end;

comment on function app.pause_provider(text, timestamptz, text) is 'No job of this provider is claimed before p_until; a longer pause stands.';

revoke execute on function app.heartbeat_jobs(text, bigint[], int[], float8) from public, anon, authenticated, service_role;
revoke execute on function app.report_progress(text, bigint, int, text, real) from public, anon, authenticated, service_role;
revoke execute on function app.pause_provider(text, timestamptz, text) from public, anon, authenticated, service_role;
grant execute on function app.heartbeat_jobs(text, bigint[], int[], float8) to lamina_worker;
grant execute on function app.report_progress(text, bigint, int, text, real) to lamina_worker;
grant execute on function app.pause_provider(text, timestamptz, text) to lamina_worker;
