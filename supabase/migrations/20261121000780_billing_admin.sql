-- Purpose:  the platform's staff: tenants with plan and use, plans made and given, each call in the audit log.
-- Risk:     none, new functions only.
-- Way back: drop the functions of this file.
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- Tenants
------------------------------------------------------------------------------------------------
create function app.admin_list_tenants(p_search text, p_plan text, p_after uuid, p_limit int)
returns table (
  workspace_id uuid, name text, kind text, created_at timestamptz, plan text, source text, subscription_status text,
  members bigint, usage jsonb)
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform app.require_platform('support_user');
  perform app.audit(null, 'platform.tenants_listed', null, jsonb_build_object('search', p_search, 'plan', p_plan, 'after', p_after));
  return query
  with page as (
    select w.id, w.name, w.kind, w.created_at, t.plan, coalesce(own.source, 'default') as source
    from public.workspaces as w
    cross join lateral app.terms_of(w.id) as t
    left join app.workspace_terms as own on own.workspace_id = w.id
    where (p_search is null or w.name ilike '%' || replace(replace(replace(p_search, '\', '\\'), '%', '\%'), '_', '\_') || '%')
      and (p_plan is null or t.plan = p_plan) and (p_after is null or w.id > p_after)
    order by w.id limit greatest(1, least(200, coalesce(p_limit, 50)))
  )
  select page.id, page.name, page.kind, page.created_at, page.plan, page.source, (app.live_subscription(page.id)).status,
    (select count(*) from public.workspace_members as m where m.workspace_id = page.id),
    (select jsonb_object_agg(u.metric, jsonb_build_object('used', u.used, 'included', u.included, 'overage_amount', u.overage_amount))
     from app.usage_of(page.id) as u)
  from page order by page.id;
end;
$$;

comment on function app.admin_list_tenants(text, text, uuid, int) is 'Behind public.admin_list_tenants.';

create function public.admin_list_tenants(
  p_search text default null, p_plan text default null, p_after uuid default null, p_limit int default 50
) returns table (
  workspace_id uuid, name text, kind text, created_at timestamptz, plan text, source text, subscription_status text,
  members bigint, usage jsonb)
language sql volatile security invoker set search_path = ''
begin atomic
  select * from app.admin_list_tenants(p_search, p_plan, p_after, p_limit);
end;

comment on function public.admin_list_tenants(text, text, uuid, int) is
  'Staff of the platform: workspaces with plan and use, in pages after the last id seen. Audited. Errors: platform.forbidden, auth.second_factor_required.';

------------------------------------------------------------------------------------------------
-- Plans
------------------------------------------------------------------------------------------------
create function app.admin_save_plan(p_plan text, p_terms jsonb) returns public.plan_versions
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_version public.plan_versions;
begin
  perform app.require_platform('global_admin');
  perform app.lock_ordering_key('plan:' || p_plan);
  insert into public.plans as p (plan, name, description, rank, is_public)
  values (p_plan, p_terms ->> 'name', coalesce(p_terms ->> 'description', ''), (p_terms ->> 'rank')::int,
    coalesce((p_terms ->> 'is_public')::boolean, true))
  on conflict (plan) do update
    set name = excluded.name, description = excluded.description, rank = excluded.rank, is_public = excluded.is_public;
  insert into public.plan_versions (
    plan, version, currency, monthly_amount, annual_amount, spend_cap_amount, queue_weight, created_by)
  select p_plan, coalesce(max(v.version), 0) + 1, p_terms ->> 'currency', (p_terms ->> 'monthly_amount')::int,
    (p_terms ->> 'annual_amount')::int, (p_terms ->> 'spend_cap_amount')::int,
    coalesce((p_terms ->> 'queue_weight')::float8, 1), app.user_id()
  from public.plan_versions as v where v.plan = p_plan
  returning * into v_version;
  insert into public.plan_limits (plan_version_id, metric, included, overage_amount, overage_per)
  select v_version.id, l.metric, l.included, l.overage_amount, l.overage_per
  from jsonb_to_recordset(p_terms -> 'limits') as l (metric text, included bigint, overage_amount int, overage_per bigint);
  if exists (
      select from public.plan_limits as l join public.billing_metrics as m on m.metric = l.metric
      where l.plan_version_id = v_version.id and m.kind = 'gauge' and l.overage_amount is not null)
    or not exists (
      select from public.plan_limits as l
      where l.plan_version_id = v_version.id and l.metric = 'seats' and (l.included is null or l.included > 0)) then
    raise check_violation using message = 'a gauge has no overage, and a plan has a seat or more';
  end if;
  insert into public.plan_entitlements (plan_version_id, entitlement)
  select v_version.id, e from jsonb_array_elements_text(coalesce(p_terms -> 'entitlements', '[]')) as e;
  perform app.audit(null, 'platform.plan_saved', p_plan, jsonb_build_object('version', v_version.version, 'terms', p_terms));
  return v_version;
exception
  when check_violation or not_null_violation or foreign_key_violation or unique_violation or data_exception then
    perform app.fail(400, 'plan.terms_invalid', 'These are not the terms of a plan: ' || sqlerrm || '.',
      'Give name, rank, currency, monthly_amount, annual_amount, spend_cap_amount, queue_weight, limits[], entitlements[].');
    return null;
end;
$$;

comment on function app.admin_save_plan(text, jsonb) is 'Behind public.admin_save_plan.';

create function public.admin_save_plan(p_plan text, p_terms jsonb) returns public.plan_versions
language sql volatile security invoker set search_path = ''
begin atomic
  select * from app.admin_save_plan(p_plan, p_terms);
end;

comment on function public.admin_save_plan(text, jsonb) is
  'Staff of the platform: a new plan, or a new version of one, which new customers get; running subscriptions keep theirs. Then lamina plans push. Audited. Errors: plan.terms_invalid, platform.forbidden, auth.second_factor_required.';

create function app.admin_set_plan(p_workspace_id uuid, p_plan text, p_reason text) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_version_id int;
begin
  perform app.require_platform('global_admin');
  if p_reason is null or p_reason !~ '\S' or length(p_reason) > 500 then
    perform app.fail(400, 'platform.reason_missing', 'Say why, in 1 to 500 characters: the tenant reads it.');
  end if;
  perform app.lock_ordering_key('terms:' || p_workspace_id);
  if not exists (select from public.workspaces as w where w.id = p_workspace_id) then
    perform app.fail(404, 'workspace.not_found', 'There is no such workspace.');
  elsif (app.live_subscription(p_workspace_id)).id is not null then
    perform app.fail(409, 'billing.already_subscribed', 'This workspace follows its subscription.', 'Cancel or change that at Stripe.');
  end if;
  select v.id into v_version_id from public.plan_versions as v where v.plan = p_plan order by v.version desc limit 1;
  if not found then
    perform app.fail(400, 'billing.unknown_plan', 'There is no such plan.', 'See the table plans.');
  end if;
  perform app.give_plan(p_workspace_id, v_version_id);
  perform app.audit(p_workspace_id, 'platform.plan_given', p_plan, jsonb_build_object('reason', p_reason));
end;
$$;

comment on function app.admin_set_plan(uuid, text, text) is 'Behind public.admin_set_plan.';

create function app.give_plan(p_workspace_id uuid, p_plan_version_id int) returns void
language plpgsql volatile security definer set search_path = '' as $$
begin
  insert into app.workspace_terms as t (workspace_id, plan_version_id, source, anchor)
  select w.id, p_plan_version_id, 'admin', w.created_at from public.workspaces as w where w.id = p_workspace_id
  on conflict (workspace_id) do update
    set plan_version_id = excluded.plan_version_id, source = 'admin', anchor = excluded.anchor, updated_at = now();
  perform app.follow_terms(p_workspace_id);
end;
$$;

comment on function app.give_plan(uuid, int) is 'A plan without a payment, until a subscription begins. Internal.';

create function public.admin_set_plan(p_workspace_id uuid, p_plan text, p_reason text) returns void
language sql volatile security invoker set search_path = ''
begin atomic
  select app.admin_set_plan(p_workspace_id, p_plan, p_reason);
end;

comment on function public.admin_set_plan(uuid, text, text) is
  'Staff of the platform: gives a workspace without a subscription a plan, as for Enterprise. Audited, and the tenant reads it. Errors: billing.unknown_plan, billing.already_subscribed, workspace.not_found, platform.reason_missing, platform.forbidden.';

------------------------------------------------------------------------------------------------
-- Rights
------------------------------------------------------------------------------------------------
revoke execute on function app.admin_list_tenants(text, text, uuid, int) from public, anon, authenticated, service_role;
revoke execute on function public.admin_list_tenants(text, text, uuid, int) from public, anon, authenticated, service_role;
revoke execute on function app.admin_save_plan(text, jsonb) from public, anon, authenticated, service_role;
revoke execute on function public.admin_save_plan(text, jsonb) from public, anon, authenticated, service_role;
revoke execute on function app.admin_set_plan(uuid, text, text) from public, anon, authenticated, service_role;
revoke execute on function app.give_plan(uuid, int) from public, anon, authenticated, service_role;
revoke execute on function public.admin_set_plan(uuid, text, text) from public, anon, authenticated, service_role;
grant execute on function app.admin_list_tenants(text, text, uuid, int) to authenticated;
grant execute on function public.admin_list_tenants(text, text, uuid, int) to authenticated;
grant execute on function app.admin_save_plan(text, jsonb) to authenticated;
grant execute on function public.admin_save_plan(text, jsonb) to authenticated;
grant execute on function app.admin_set_plan(uuid, text, text) to authenticated;
grant execute on function public.admin_set_plan(uuid, text, text) to authenticated;
