-- Purpose:  what is metered without a job: documents, bytes, seats; and what a workspace sees of its use.
-- Risk:     triggers on public.documents and public.workspace_members, both read once as a whole.
-- Way back: drop the functions of this file (cascade drops the triggers).
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- Gauges
------------------------------------------------------------------------------------------------
create function app.free_usage(p_workspace_id uuid, p_metric text, p_quantity bigint) returns void
language sql volatile security definer set search_path = ''
begin atomic
  with held as (
    select u.workspace_id, u.metric, u.period_start, least(u.committed, p_quantity) as freed
    from app.usage_counters as u
    where u.workspace_id = p_workspace_id and u.metric = p_metric and u.period_start = '-infinity'
    for no key update
  ),
  lowered as (
    update app.usage_counters as u set committed = u.committed - held.freed
    from held
    where u.workspace_id = held.workspace_id and u.metric = held.metric and u.period_start = held.period_start
      and held.freed > 0
    returning held.*
  )
  insert into public.usage_ledger (workspace_id, metric, quantity, status, period_start, settled_at)
  select lowered.workspace_id, lowered.metric, - lowered.freed, 'committed', lowered.period_start, pg_catalog.now()
  from lowered;
end;

comment on function app.free_usage(uuid, text, bigint) is 'A gauge goes down, never below nothing. Internal.';

create function app.move_gauge(p_workspace_id uuid, p_metric text, p_delta bigint) returns void
language plpgsql volatile security definer set search_path = '' as $$
begin
  if p_delta > 0 then
    perform app.consume(p_workspace_id, p_metric, p_delta);
  elsif p_delta < 0 and exists (select from public.workspaces as w where w.id = p_workspace_id) then
    perform app.free_usage(p_workspace_id, p_metric, - p_delta);
  end if;
end;
$$;

comment on function app.move_gauge(uuid, text, bigint) is
  'Up, or 402; down, unless the workspace is just being deleted with all its rows. Internal.';

create function app.meter_document() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
declare
  -- A PDF without file and without anything searchable was refused for the limit: it has no place in it.
  v_before boolean := tg_op <> 'INSERT' and not (old.kind = 'pdf' and old.object_path is null and old.processed_version is null);
  v_after boolean := tg_op <> 'DELETE' and not (new.kind = 'pdf' and new.object_path is null and new.processed_version is null);
  v_workspace_id uuid := case when tg_op = 'DELETE' then old.workspace_id else new.workspace_id end;
begin
  perform app.move_gauge(v_workspace_id, 'documents', v_after::int - v_before::int);
  perform app.move_gauge(v_workspace_id, 'storage_bytes',
    case when v_after then coalesce(new.byte_size, 0) else 0 end - case when v_before then coalesce(old.byte_size, 0) else 0 end);
  return null;
end;
$$;

comment on function app.meter_document() is 'Trigger: documents and their bytes count in the limits of the plan.';

create function app.meter_seat() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_before boolean := tg_op <> 'INSERT' and old.role <> 'viewer';
  v_after boolean := tg_op <> 'DELETE' and new.role <> 'viewer';
begin
  perform app.move_gauge(case when tg_op = 'DELETE' then old.workspace_id else new.workspace_id end, 'seats', v_after::int - v_before::int);
  return null;
end;
$$;

comment on function app.meter_seat() is
  'Trigger: members count in the limits of the plan, viewers do not: they read, and those who learn are counted as learners.';

create function app.require_seat(p_workspace_id uuid, p_role text) returns void
language plpgsql volatile security definer set search_path = '' as $$
begin
  if p_role <> 'viewer' then
    perform app.hold(p_workspace_id, 'seats', 1);
    raise sqlstate 'LM001';
  end if;
exception when sqlstate 'LM001' then
  return; -- There is room; what was held to find out is undone.
end;
$$;

comment on function app.require_seat(uuid, text) is
  'Fails with 402 quota.exceeded when a member of this role would find no seat now. Who is invited already holds none: the last seat is theirs who comes first. Internal.';

revoke execute on function app.free_usage(uuid, text, bigint) from public, anon, authenticated, service_role;
revoke execute on function app.move_gauge(uuid, text, bigint) from public, anon, authenticated, service_role;
revoke execute on function app.meter_document() from public, anon, authenticated, service_role;
revoke execute on function app.meter_seat() from public, anon, authenticated, service_role;
revoke execute on function app.require_seat(uuid, text) from public, anon, authenticated, service_role;

create trigger meter_document after insert or delete on public.documents
  for each row execute function app.meter_document();
comment on trigger meter_document on public.documents is 'Counts documents and bytes.';
create trigger meter_document_change after update of byte_size, object_path on public.documents
  for each row when (
    new.byte_size is distinct from old.byte_size or (new.object_path is null) <> (old.object_path is null))
  execute function app.meter_document();
comment on trigger meter_document_change on public.documents is 'Counts the difference.';
create trigger meter_seat after insert or delete on public.workspace_members
  for each row execute function app.meter_seat();
comment on trigger meter_seat on public.workspace_members is 'Counts seats.';
create trigger meter_seat_change after update of role on public.workspace_members
  for each row when ((new.role = 'viewer') <> (old.role = 'viewer'))
  execute function app.meter_seat();
comment on trigger meter_seat_change on public.workspace_members is 'A viewer who gets another role takes a seat, or is refused.';

-- What is there already counts, above the limit too.
with kept (workspace_id, metric, quantity) as (
  select d.workspace_id, 'documents', count(*) from public.documents as d group by d.workspace_id
  union all
  select d.workspace_id, 'storage_bytes', sum(d.byte_size)::bigint from public.documents as d group by d.workspace_id
  union all
  select m.workspace_id, 'seats', count(*) from public.workspace_members as m where m.role <> 'viewer' group by m.workspace_id
),
noted as (
  insert into public.usage_ledger (workspace_id, metric, quantity, status, period_start, settled_at)
  select kept.workspace_id, kept.metric, kept.quantity, 'committed', '-infinity', now() from kept where kept.quantity > 0
  returning workspace_id, metric, quantity, period_start
)
insert into app.usage_counters (workspace_id, metric, period_start, period_end, committed)
select noted.workspace_id, noted.metric, noted.period_start, 'infinity', noted.quantity from noted;

------------------------------------------------------------------------------------------------
-- Not any number of workspaces on the plan free
------------------------------------------------------------------------------------------------
create function app.require_place_for_workspace(p_user_id uuid)
returns void
language plpgsql volatile security invoker set search_path = ''
as $$
begin
  perform app.lock_ordering_key('workspaces:' || p_user_id);
  if (
    select count(*) from public.workspaces as workspace cross join lateral app.terms_of(workspace.id) as terms
    where workspace.created_by = p_user_id and workspace.kind = 'team' and terms.plan = 'free'
  ) >= 10 then
    perform app.fail(
      402, 'workspace.too_many_free', 'You have made ten workspaces on the plan free.',
      'Take a plan for one of them, or delete one.'
    );
  end if;
end;
$$;

comment on function app.require_place_for_workspace(uuid) is
  'Fails with 402 workspace.too_many_free: the quota of the plan free is not to be had any number of times. Internal.';

revoke execute on function app.require_place_for_workspace(uuid) from public, anon, authenticated, service_role;

------------------------------------------------------------------------------------------------
-- The view of those who pay
------------------------------------------------------------------------------------------------
create function app.usage_of(p_workspace_id uuid)
returns table (
  metric text, kind text, unit text, plan text, used bigint, reserved bigint, included bigint, credits bigint,
  overage bigint, overage_amount bigint, currency text, spend_cap_amount int, projected bigint,
  period_start timestamptz, resets_at timestamptz)
language sql stable security definer set search_path = ''
begin atomic
  with seen as (
    select m.metric, m.kind, m.unit, t.plan, t.currency, t.spend_cap_amount, t.period_start, t.period_end,
      coalesce(u.committed, 0) as used, coalesce(u.reserved, 0) as reserved, coalesce(u.overage, 0) as overage,
      case when l.metric is null then 0 else l.included end as included, coalesce(c.remaining, 0) as credits,
      l.overage_amount as unit_amount, l.overage_per,
      extract(epoch from t.period_end - t.period_start) / greatest(3600, extract(epoch from pg_catalog.now() - t.period_start)) as pace
    from public.billing_metrics as m
    cross join app.terms_of(p_workspace_id) as t
    left join public.plan_limits as l on l.plan_version_id = t.plan_version_id and l.metric = m.metric
    left join app.credits as c on c.workspace_id = p_workspace_id and c.metric = m.metric
    left join app.usage_counters as u on u.workspace_id = p_workspace_id and u.metric = m.metric
      and u.period_start = case m.kind when 'gauge' then '-infinity' else t.period_start end
  )
  select s.metric, s.kind, s.unit, s.plan, s.used, s.reserved, s.included, s.credits, s.overage,
    app.overage_amount(s.overage, s.unit_amount, s.overage_per), s.currency, s.spend_cap_amount,
    case s.kind when 'gauge' then s.used else least(pg_catalog.round(s.used * s.pace), 9223372036854775807)::bigint end,
    case s.kind when 'counter' then s.period_start end, case s.kind when 'counter' then s.period_end end
  from seen as s
  order by s.kind, s.metric;
end;

comment on function app.usage_of(uuid) is 'Use of each metric in the current period; projected goes on at the pace so far. Asks nobody''s rights.';

create function app.require_billing(p_workspace_id uuid, p_permission text) returns void
language plpgsql stable security definer set search_path = '' as $$
begin
  perform app.require_permission(p_workspace_id, p_permission);
  perform app.require_second_factor();
end;
$$;

comment on function app.require_billing(uuid, text) is 'The permission, and the second factor of who has one. Internal.';

create function app.billing_usage(p_workspace_id uuid)
returns table (
  metric text, kind text, unit text, plan text, used bigint, reserved bigint, included bigint, credits bigint,
  overage bigint, overage_amount bigint, currency text, spend_cap_amount int, projected bigint,
  period_start timestamptz, resets_at timestamptz)
language plpgsql stable security definer set search_path = '' as $$
begin
  perform app.require_billing(p_workspace_id, 'billing.read');
  return query select * from app.usage_of(p_workspace_id);
end;
$$;

comment on function app.billing_usage(uuid) is 'Behind public.billing_usage.';

create function public.billing_usage(p_workspace_id uuid)
returns table (
  metric text, kind text, unit text, plan text, used bigint, reserved bigint, included bigint, credits bigint,
  overage bigint, overage_amount bigint, currency text, spend_cap_amount int, projected bigint,
  period_start timestamptz, resets_at timestamptz)
language sql stable security invoker set search_path = ''
begin atomic
  select * from app.billing_usage(p_workspace_id);
end;

comment on function public.billing_usage(uuid) is
  'What your workspace has used of each metric, what the plan includes (null: no limit), credits left, overage and its price in minor units, the projection to the end of the period, and when it starts again; needs billing.read.';

create function app.my_entitlement(p_workspace_id uuid, p_entitlement text) returns boolean
language plpgsql stable security definer set search_path = '' as $$
begin
  perform app.require_member(p_workspace_id);
  return app.has_entitlement(p_workspace_id, p_entitlement);
end;
$$;

comment on function app.my_entitlement(uuid, text) is 'Behind public.has_entitlement: for members only.';

create function public.has_entitlement(p_workspace_id uuid, p_entitlement text) returns boolean
language sql stable security invoker set search_path = ''
begin atomic
  select app.my_entitlement(p_workspace_id, p_entitlement);
end;

comment on function public.has_entitlement(uuid, text) is 'Whether the plan of a workspace of yours switches something on: show or hide it. Errors: workspace.not_found.';

create function app.set_spend_cap(p_workspace_id uuid, p_amount int) returns void
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform app.require_billing(p_workspace_id, 'billing.manage');
  if p_amount < 0 then
    perform app.fail(400, 'billing.bad_amount', 'A cap is 0 or more, in minor units (cents).');
  elsif p_amount is null then
    delete from app.spend_caps as c where c.workspace_id = p_workspace_id;
  else
    insert into app.spend_caps as c (workspace_id, amount) values (p_workspace_id, p_amount)
    on conflict (workspace_id) do update set amount = excluded.amount;
  end if;
  perform app.audit(p_workspace_id, 'billing.spend_cap_set', null, jsonb_build_object('amount', p_amount));
end;
$$;

comment on function app.set_spend_cap(uuid, int) is 'Behind public.set_spend_cap.';

create function public.set_spend_cap(p_workspace_id uuid, p_amount int) returns void
language sql volatile security invoker set search_path = ''
begin atomic
  select app.set_spend_cap(p_workspace_id, p_amount);
end;

comment on function public.set_spend_cap(uuid, int) is
  'The most that overage may come to in a period, in minor units; null: the plan''s own cap. Needs billing.manage.';

revoke execute on function app.usage_of(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.require_billing(uuid, text) from public, anon, authenticated, service_role;
revoke execute on function app.billing_usage(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.my_entitlement(uuid, text) from public, anon, authenticated, service_role;
revoke execute on function app.set_spend_cap(uuid, int) from public, anon, authenticated, service_role;
revoke execute on function public.billing_usage(uuid) from public, anon, authenticated, service_role;
revoke execute on function public.has_entitlement(uuid, text) from public, anon, authenticated, service_role;
revoke execute on function public.set_spend_cap(uuid, int) from public, anon, authenticated, service_role;
grant execute on function app.billing_usage(uuid) to authenticated;
grant execute on function app.my_entitlement(uuid, text) to authenticated;
grant execute on function app.set_spend_cap(uuid, int) to authenticated;
grant execute on function public.billing_usage(uuid) to authenticated;
grant execute on function public.has_entitlement(uuid, text) to authenticated;
grant execute on function public.set_spend_cap(uuid, int) to authenticated;
