-- Purpose:  atomic quotas: reserve with the job, commit or release at its end, credits, overage, notices.
-- Risk:     a trigger on public.jobs that fires for metered jobs only.
-- Way back: drop the functions of this file (cascade drops the trigger).
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- What there is room for
------------------------------------------------------------------------------------------------
create function app.overage_amount(p_units bigint, p_amount int, p_per bigint) returns bigint
language sql immutable parallel safe security invoker set search_path = ''
return case when p_units > 0 and p_per > 0 then pg_catalog.round(p_units * pg_catalog.round(p_amount::numeric / p_per, 12))::bigint else 0 end;

comment on function app.overage_amount(bigint, int, bigint) is
  'Price of so many units in minor units, as the invoice will have it: twelve decimals for a unit, then the line to the nearest minor unit.';

create function app.overage_room(p_workspace_id uuid, p_metric text) returns bigint
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_terms record;
  v_limit public.plan_limits;
  v_others bigint;
begin
  select * into v_terms from app.terms_of(p_workspace_id);
  select * into v_limit from public.plan_limits as l
  where l.plan_version_id = v_terms.plan_version_id and l.metric = p_metric;
  if v_limit.overage_amount is null then
    return 0;
  elsif v_terms.spend_cap_amount is null then
    return 9223372036854775807;
  end if;
  -- Two metrics that both go over the plan share one cap: they wait for each other here, last of all locks.
  perform app.lock_ordering_key('overage:' || p_workspace_id);
  select coalesce(sum(app.overage_amount(
    greatest(u.overage, u.committed + u.reserved - l.included - u.credited - coalesce(c.remaining, 0)),
    l.overage_amount, l.overage_per)), 0) into v_others
  from app.usage_counters as u
  join public.plan_limits as l on l.plan_version_id = v_terms.plan_version_id and l.metric = u.metric
  left join app.credits as c on c.workspace_id = u.workspace_id and c.metric = u.metric
  where u.workspace_id = p_workspace_id and u.period_start = v_terms.period_start and u.metric <> p_metric;
  return least(9223372036854775807,
    floor(greatest(0, v_terms.spend_cap_amount - v_others)::numeric * v_limit.overage_per / v_limit.overage_amount))::bigint;
end;
$$;

comment on function app.overage_room(uuid, text) is 'Units of a metric that the spend cap leaves room for above plan and credits, in the current period. Internal.';

create function app.notice_limit(p_counter app.usage_counters, p_added bigint, p_included bigint, p_period_start timestamptz)
returns void
language sql volatile security definer set search_path = '' set timezone = 'UTC'
begin atomic
  insert into public.billing_notices (workspace_id, kind, dedupe_key, detail)
  select (p_counter).workspace_id, t.kind, pg_catalog.format('%s %s', (p_counter).metric, p_period_start),
    pg_catalog.jsonb_build_object('metric', (p_counter).metric, 'used', used.units, 'limit', p_included,
      'resets_at', nullif((p_counter).period_end, 'infinity'))
  from (select (p_counter).reserved + (p_counter).committed as units) as used,
    (values ('limit_80', 0.8), ('limit_100', 1.0)) as t (kind, share)
  where p_included > 0 and used.units >= p_included * t.share and used.units - p_added < p_included * t.share
  on conflict do nothing;
end;

comment on function app.notice_limit(app.usage_counters, bigint, bigint, timestamptz) is
  'Tells once a period that 80 % and 100 % of what the plan includes are used; of a gauge too. Internal.';

------------------------------------------------------------------------------------------------
-- Reserve
------------------------------------------------------------------------------------------------
create function app.hold(p_workspace_id uuid, p_metric text, p_quantity bigint) returns app.usage_counters
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_terms record;
  v_kind text := (select m.kind from public.billing_metrics as m where m.metric = p_metric);
  v_included bigint;
  v_counter app.usage_counters;
  v_free bigint;
  v_room bigint;
begin
  if v_kind is null or p_quantity is null or p_quantity <= 0 then
    perform app.fail(400, 'usage.invalid', 'There is no such metric, or the quantity is not above zero.');
  end if;
  select t.*, l.included, l.plan_version_id is null as excluded into v_terms
  from app.terms_of(p_workspace_id) as t
  left join public.plan_limits as l on l.plan_version_id = t.plan_version_id and l.metric = p_metric;
  if not found then
    perform app.fail(404, 'workspace.not_found', 'There is no such workspace.');
  end if;
  v_included := case when v_terms.excluded then 0 else v_terms.included end;
  insert into app.usage_counters as u (workspace_id, metric, period_start, period_end, reserved)
  values (
    p_workspace_id, p_metric,
    case v_kind when 'gauge' then '-infinity' else v_terms.period_start end,
    case v_kind when 'gauge' then 'infinity' else v_terms.period_end end,
    p_quantity)
  on conflict (workspace_id, metric, period_start) do update
    set reserved = u.reserved + excluded.reserved, period_end = excluded.period_end
  returning * into v_counter;
  if v_counter.committed + v_counter.reserved > v_included then
    select c.remaining into v_free from app.credits as c
    where c.workspace_id = p_workspace_id and c.metric = p_metric for no key update;
    v_free := v_included + v_counter.credited + coalesce(v_free, 0);
    v_room := app.overage_room(p_workspace_id, p_metric);
    -- Compared without adding: room may be the largest number there is.
    if v_counter.committed + v_counter.reserved - v_free > v_room then
      perform app.refuse_usage(v_counter, p_quantity, v_free + v_room, v_terms.plan);
    end if;
  end if;
  perform app.notice_limit(v_counter, p_quantity, v_included, v_terms.period_start);
  return v_counter;
end;
$$;

comment on function app.hold(uuid, text, bigint) is
  'Reserves in the counter, or fails with 402 quota.exceeded: the row''s lock makes two calls at the limit one after the other. Internal.';

create function app.refuse_usage(p_counter app.usage_counters, p_quantity bigint, p_limit bigint, p_plan text) returns void
language plpgsql volatile security invoker set search_path = '' as $$
declare
  v_used bigint := p_counter.committed + p_counter.reserved - p_quantity;
begin
  perform app.fail(402, 'quota.exceeded',
    format('The limit of the plan %s is reached: %s of %s %s used%s.', p_plan, v_used, p_limit, p_counter.metric,
      case when p_quantity > 1 then format(', %s more wanted', p_quantity) else '' end),
    case when p_counter.period_end = 'infinity' then 'Remove something, or take a larger plan.'
      else format('It starts again at %s. A larger plan, credits or a higher spend cap help at once.',
        to_char(p_counter.period_end at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')) end);
end;
$$;

comment on function app.refuse_usage(app.usage_counters, bigint, bigint, text) is 'Says what was used, the limit and when it starts again. Internal.';

create function app.consume(p_workspace_id uuid, p_metric text, p_quantity bigint, p_job_id bigint default null) returns bigint
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_counter app.usage_counters;
  v_id bigint;
begin
  if p_job_id is not null then
    -- First of all locks, as where a job ends: two calls for one job follow each other.
    perform from public.jobs as j where j.id = p_job_id and j.gate <> 'closed' for no key update;
    if not found then
      perform app.fail(404, 'job.not_found', 'There is no such job, or it has ended.');
    end if;
    select e.id into v_id from public.usage_ledger as e where e.job_id = p_job_id and e.metric = p_metric;
    if found then
      return v_id;
    end if;
  end if;
  v_counter := app.hold(p_workspace_id, p_metric, p_quantity);
  insert into public.usage_ledger (workspace_id, metric, quantity, status, period_start, job_id, created_by)
  values (p_workspace_id, p_metric, p_quantity, 'reserved', v_counter.period_start, p_job_id,
    case when nullif(current_setting('request.jwt.claims', true), '') is not null then app.user_id() end)
  returning id into v_id;
  if p_job_id is null then
    perform app.commit_usage(v_id);
  else
    update public.jobs as j set metered = true where j.id = p_job_id and not j.metered;
  end if;
  return v_id;
end;
$$;

comment on function app.consume(uuid, text, bigint, bigint) is
  'Uses so much of a metric in the caller''s transaction and returns the ledger''s entry. With a job it is reserved until the job ends, once per job and metric; without one it is committed at once. Fails with 402 quota.exceeded. Asks nobody''s rights.';

------------------------------------------------------------------------------------------------
-- Commit, release
------------------------------------------------------------------------------------------------
create function app.commit_usage(p_entry_id bigint) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_entry public.usage_ledger;
  v_counter app.usage_counters;
  v_included bigint;
  v_over bigint;
  v_credited bigint;
begin
  update public.usage_ledger as e set status = 'committed', settled_at = now()
  where e.id = p_entry_id and e.status = 'reserved'
  returning * into v_entry;
  if not found then
    return;
  end if;
  update app.usage_counters as u set reserved = u.reserved - v_entry.quantity, committed = u.committed + v_entry.quantity
  where u.workspace_id = v_entry.workspace_id and u.metric = v_entry.metric and u.period_start = v_entry.period_start
  returning * into v_counter;
  select case when l.metric is null then 0 else l.included end into v_included
  from app.terms_of(v_entry.workspace_id) as t
  left join public.plan_limits as l on l.plan_version_id = t.plan_version_id and l.metric = v_entry.metric;
  v_over := case when v_included is not null
    then least(v_entry.quantity, v_counter.committed - v_included - v_counter.credited - v_counter.overage) end;
  if v_over > 0 then
    select least(c.remaining, v_over) into v_credited from app.credits as c
    where c.workspace_id = v_entry.workspace_id and c.metric = v_entry.metric for no key update;
    update app.credits as c set remaining = c.remaining - v_credited
    where c.workspace_id = v_entry.workspace_id and c.metric = v_entry.metric and v_credited > 0;
    perform app.bill_above_plan(v_entry, coalesce(v_credited, 0), v_over - coalesce(v_credited, 0));
  end if;
end;
$$;

comment on function app.commit_usage(bigint) is
  'Turns a reservation into use. What exceeds the plan is paid by credits first, then it is overage; both are written once and never taken back. Internal.';

create function app.release_usage(p_entry_id bigint) returns void
language sql volatile security definer set search_path = ''
begin atomic
  with entry as (
    update public.usage_ledger as e set status = 'released', settled_at = pg_catalog.now()
    where e.id = p_entry_id and e.status = 'reserved'
    returning e.*
  )
  update app.usage_counters as u set reserved = u.reserved - entry.quantity
  from entry
  where u.workspace_id = entry.workspace_id and u.metric = entry.metric and u.period_start = entry.period_start;
end;

comment on function app.release_usage(bigint) is 'Gives a reservation back. Internal.';

------------------------------------------------------------------------------------------------
-- Jobs settle what they hold
------------------------------------------------------------------------------------------------
create function app.settle_job_usage() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_status text := new.status;
begin
  -- It may have been begun anew since, or deleted.
  select case when j.gate = 'closed' then j.status end into v_status from public.jobs as j where j.id = new.id;
  if found and v_status is null then
    return null;
  end if;
  v_status := coalesce(v_status, new.status);
  -- Counters of one workspace are always locked in this order, whatever jobs end together.
  perform from app.usage_counters as u
  where u.workspace_id = new.workspace_id and u.reserved > 0 and u.period_start > '-infinity'
  order by u.metric, u.period_start
  for no key update;
  if v_status = 'succeeded' or v_status = 'cancelled' and old.status = 'running' then
    perform app.commit_usage(e.id) from public.usage_ledger as e where e.job_id = new.id order by e.metric;
  else
    perform app.release_usage(e.id) from public.usage_ledger as e where e.job_id = new.id order by e.metric;
  end if;
  return null;
end;
$$;

comment on function app.settle_job_usage() is
  'A job that succeeds commits what it holds, and so does one that is cancelled while it runs: its words may have been heard already. One that fails, or is cancelled before it began, releases it. At the end of the transaction: after the locks of jobs and of their order, which others hold when they come to count.';

create function app.reserve_job_usage() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_used jsonb;
begin
  with used as (
    update public.usage_ledger as e set job_id = null
    where e.job_id = new.id and e.status = 'committed'
    returning e.metric, e.quantity)
  select coalesce(jsonb_object_agg(used.metric, used.quantity), '{}') into v_used from used;
  perform app.consume(new.workspace_id, again.metric, again.quantity::bigint, new.id)
  from jsonb_each_text(v_used) as again (metric, quantity) order by again.metric;
  update public.usage_ledger as e
  set status = 'reserved', settled_at = null,
    period_start = (app.hold(e.workspace_id, e.metric, e.quantity)).period_start
  from (
    select o.id from public.usage_ledger as o
    where o.job_id = new.id and o.status = 'released' order by o.metric) as again
  where e.id = again.id;
  return null;
end;
$$;

comment on function app.reserve_job_usage() is 'A job that is tried again reserves again what it had given back, and once more what it has used; or is refused with 402.';

create constraint trigger settle_usage after update of gate on public.jobs
  deferrable initially deferred
  for each row when (new.metered and new.gate = 'closed' and old.gate <> 'closed')
  execute function app.settle_job_usage();
comment on trigger settle_usage on public.jobs is 'However a job ends, its reservation ends with it.';

create trigger reserve_usage after update of gate on public.jobs
  for each row when (new.metered and new.gate <> 'closed' and old.gate = 'closed')
  execute function app.reserve_job_usage();
comment on trigger reserve_usage on public.jobs is 'However a job begins anew, it counts again.';

revoke execute on function app.overage_amount(bigint, int, bigint) from public, anon, authenticated, service_role;
revoke execute on function app.overage_room(uuid, text) from public, anon, authenticated, service_role;
revoke execute on function app.notice_limit(app.usage_counters, bigint, bigint, timestamptz) from public, anon, authenticated, service_role;
revoke execute on function app.hold(uuid, text, bigint) from public, anon, authenticated, service_role;
revoke execute on function app.refuse_usage(app.usage_counters, bigint, bigint, text) from public, anon, authenticated, service_role;
revoke execute on function app.consume(uuid, text, bigint, bigint) from public, anon, authenticated, service_role;
revoke execute on function app.commit_usage(bigint) from public, anon, authenticated, service_role;
revoke execute on function app.release_usage(bigint) from public, anon, authenticated, service_role;
revoke execute on function app.settle_job_usage() from public, anon, authenticated, service_role;
revoke execute on function app.reserve_job_usage() from public, anon, authenticated, service_role;
grant execute on function app.consume(uuid, text, bigint, bigint) to lamina_worker;
