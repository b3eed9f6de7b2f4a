-- Purpose:  what those who pay begin: checkout, credit packs, portal, change of plan.
-- Risk:     none, new functions only.
-- Way back: drop the functions of this file.
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- Guards
------------------------------------------------------------------------------------------------
create function app.require_address(p_url text) returns void
language plpgsql immutable security invoker set search_path = '' as $$
begin
  if app.is_web_address(p_url) is not true then
    perform app.fail(400, 'billing.bad_address', 'This is not an address to come back to.', 'Use a full http(s) address.');
  end if;
end;
$$;

comment on function app.require_address(text) is 'Fails with 400 billing.bad_address. Internal.';

create function app.live_subscription(p_workspace_id uuid) returns public.subscriptions
language sql stable security definer set search_path = ''
begin atomic
  select s from public.subscriptions as s
  where s.workspace_id = p_workspace_id and s.status in ('trialing', 'active', 'past_due', 'unpaid', 'paused')
  order by s.created_at desc, s.id limit 1;
end;

comment on function app.live_subscription(uuid) is 'The subscription that has not ended; null without one. Internal.';

create function app.version_for_sale(p_plan text, p_interval text) returns int
language plpgsql stable security definer set search_path = '' as $$
declare
  v_id int;
begin
  select v.id into v_id
  from public.plan_versions as v join public.plans as p on p.plan = v.plan and p.is_public
  where v.plan = p_plan order by v.version desc limit 1;
  if not found or p_interval is null or p_interval not in ('month', 'year') then
    perform app.fail(400, 'billing.unknown_plan', 'There is no such plan.', 'See the table plans; the interval is month or year.');
  elsif not exists (
    select from app.stripe_prices as s
    where s.plan_version_id = v_id and s.billing_interval = p_interval and s.metric is null and s.is_active and s.is_product_active
  ) then
    perform app.fail(409, 'billing.not_for_sale', 'This plan cannot be bought this way.',
      'Free needs no payment, Enterprise is agreed on; for the others the operator runs lamina plans push.');
  end if;
  return v_id;
end;
$$;

comment on function app.version_for_sale(text, text) is 'Newest version of a public plan, if it has a price; else 400 billing.unknown_plan or 409 billing.not_for_sale. Internal.';

------------------------------------------------------------------------------------------------
-- Begin
------------------------------------------------------------------------------------------------
create function app.begin_session(p_wanted public.billing_sessions) returns public.billing_sessions
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_session public.billing_sessions;
begin
  if p_wanted.idempotency_key is not null then
    if length(p_wanted.idempotency_key) not between 1 and 200 then
      perform app.fail(400, 'billing.bad_idempotency_key', 'An idempotency key has 1 to 200 characters.');
    end if;
    perform app.lock_ordering_key(format('session:%s:%s', p_wanted.workspace_id, p_wanted.idempotency_key));
    select * into v_session from public.billing_sessions as s
    where s.workspace_id = p_wanted.workspace_id and s.idempotency_key = p_wanted.idempotency_key;
    if found then
      if (v_session.kind, v_session.plan_version_id, v_session.billing_interval, v_session.pack)
        is distinct from (p_wanted.kind, p_wanted.plan_version_id, p_wanted.billing_interval, p_wanted.pack) then
        perform app.fail(409, 'billing.idempotency_conflict', 'This idempotency key was used for something else.');
      end if;
      return v_session;
    end if;
  end if;
  insert into public.billing_sessions (
    workspace_id, kind, plan_version_id, billing_interval, pack, success_url, cancel_url, idempotency_key, created_by)
  values (
    p_wanted.workspace_id, p_wanted.kind, p_wanted.plan_version_id, p_wanted.billing_interval, p_wanted.pack,
    p_wanted.success_url, p_wanted.cancel_url, p_wanted.idempotency_key, app.user_id())
  returning * into v_session;
  update public.billing_sessions as s
  set job_id = app.enqueue('billing.open_session', p_wanted.workspace_id, v_session.id,
    p_ordering_key => 'sessions:' || p_wanted.workspace_id)
  where s.id = v_session.id
  returning * into v_session;
  perform app.audit(p_wanted.workspace_id, 'billing.session_begun', v_session.id::text, jsonb_build_object(
    'kind', v_session.kind, 'plan_version_id', v_session.plan_version_id, 'pack', v_session.pack));
  return v_session;
end;
$$;

comment on function app.begin_session(public.billing_sessions) is 'Row and job, once per idempotency key; a workspace''s sessions are opened one after the other. Internal.';

create function app.start_checkout(
  p_workspace_id uuid, p_plan text, p_interval text, p_success_url text, p_cancel_url text, p_idempotency_key text
) returns public.billing_sessions
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_wanted public.billing_sessions;
begin
  perform app.require_billing(p_workspace_id, 'billing.manage');
  perform app.require_address(p_success_url);
  perform app.require_address(p_cancel_url);
  v_wanted.workspace_id := p_workspace_id;
  v_wanted.kind := 'checkout';
  v_wanted.plan_version_id := app.version_for_sale(p_plan, p_interval);
  v_wanted.billing_interval := p_interval;
  v_wanted.success_url := p_success_url;
  v_wanted.cancel_url := p_cancel_url;
  v_wanted.idempotency_key := p_idempotency_key;
  -- A call repeated with its key is answered as the first time, though it has led to a subscription since.
  if (app.live_subscription(p_workspace_id)).id is not null and not exists (
    select from public.billing_sessions as s
    where s.workspace_id = p_workspace_id and s.idempotency_key = p_idempotency_key
  ) then
    perform app.fail(409, 'billing.already_subscribed', 'This workspace has a subscription already.',
      'Use change_plan, or the portal.');
  end if;
  return app.begin_session(v_wanted);
end;
$$;

comment on function app.start_checkout(uuid, text, text, text, text, text) is 'Behind public.start_checkout.';

create function app.buy_credit_pack(
  p_workspace_id uuid, p_pack text, p_success_url text, p_cancel_url text, p_idempotency_key text
) returns public.billing_sessions
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_wanted public.billing_sessions;
begin
  perform app.require_billing(p_workspace_id, 'billing.manage');
  perform app.require_entitlement(p_workspace_id, 'credits.buy');
  perform app.require_address(p_success_url);
  perform app.require_address(p_cancel_url);
  if not exists (
    select from app.stripe_prices as s join public.credit_packs as k on k.pack = s.pack
    where k.pack = p_pack and k.is_sold and s.is_active and s.is_product_active
  ) then
    perform app.fail(400, 'billing.unknown_pack', 'There is no such credit pack.', 'See the table credit_packs.');
  end if;
  v_wanted.workspace_id := p_workspace_id;
  v_wanted.kind := 'credit_pack';
  v_wanted.pack := p_pack;
  v_wanted.success_url := p_success_url;
  v_wanted.cancel_url := p_cancel_url;
  v_wanted.idempotency_key := p_idempotency_key;
  return app.begin_session(v_wanted);
end;
$$;

comment on function app.buy_credit_pack(uuid, text, text, text, text) is 'Behind public.buy_credit_pack.';

create function app.open_portal(p_workspace_id uuid, p_return_url text) returns public.billing_sessions
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_wanted public.billing_sessions;
begin
  perform app.require_billing(p_workspace_id, 'billing.manage');
  perform app.require_address(p_return_url);
  if not exists (
    select from app.billing_customers as c where c.workspace_id = p_workspace_id and c.deleted_at is null
  ) then
    perform app.fail(409, 'billing.no_customer', 'This workspace has not bought anything yet.', 'Begin with start_checkout.');
  end if;
  v_wanted.workspace_id := p_workspace_id;
  v_wanted.kind := 'portal';
  v_wanted.success_url := p_return_url;
  return app.begin_session(v_wanted);
end;
$$;

comment on function app.open_portal(uuid, text) is 'Behind public.open_portal.';

create function app.change_plan(p_workspace_id uuid, p_plan text, p_interval text, p_idempotency_key text)
returns public.billing_sessions
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_wanted public.billing_sessions;
  v_running public.subscriptions;
begin
  perform app.require_billing(p_workspace_id, 'billing.manage');
  v_running := app.live_subscription(p_workspace_id);
  if v_running.id is null then
    perform app.fail(409, 'billing.not_subscribed', 'This workspace has no subscription to change.', 'Use start_checkout.');
  end if;
  v_wanted.workspace_id := p_workspace_id;
  v_wanted.kind := 'change';
  v_wanted.plan_version_id := app.version_for_sale(p_plan, p_interval);
  v_wanted.billing_interval := p_interval;
  v_wanted.idempotency_key := p_idempotency_key;
  return app.begin_session(v_wanted);
end;
$$;

comment on function app.change_plan(uuid, text, text, text) is 'Behind public.change_plan.';

------------------------------------------------------------------------------------------------
-- The doors
------------------------------------------------------------------------------------------------
create function public.start_checkout(
  p_workspace_id uuid, p_plan text, p_interval text, p_success_url text, p_cancel_url text, p_idempotency_key text default null
) returns public.billing_sessions
language sql volatile security invoker set search_path = ''
begin atomic
  select * from app.start_checkout(p_workspace_id, p_plan, p_interval, p_success_url, p_cancel_url, p_idempotency_key);
end;

comment on function public.start_checkout(uuid, text, text, text, text, text) is
  'Begins a subscription: wait until the row is open (broadcast billing_session on user:<id>), then go to its url. Needs billing.manage. Errors: billing.unknown_plan, billing.not_for_sale, billing.already_subscribed, billing.bad_address, billing.bad_idempotency_key, billing.idempotency_conflict, auth.second_factor_required.';

create function public.buy_credit_pack(
  p_workspace_id uuid, p_pack text, p_success_url text, p_cancel_url text, p_idempotency_key text default null
) returns public.billing_sessions
language sql volatile security invoker set search_path = ''
begin atomic
  select * from app.buy_credit_pack(p_workspace_id, p_pack, p_success_url, p_cancel_url, p_idempotency_key);
end;

comment on function public.buy_credit_pack(uuid, text, text, text, text) is
  'Begins a one-time payment for more of a metric, as start_checkout does. Needs billing.manage. Errors: billing.unknown_pack, plan.not_entitled and those of start_checkout.';

create function public.open_portal(p_workspace_id uuid, p_return_url text) returns public.billing_sessions
language sql volatile security invoker set search_path = ''
begin atomic
  select * from app.open_portal(p_workspace_id, p_return_url);
end;

comment on function public.open_portal(uuid, text) is
  'Begins a visit to the customer portal: cards, invoices, cancelling. Needs billing.manage. Errors: billing.no_customer, billing.bad_address.';

create function public.change_plan(p_workspace_id uuid, p_plan text, p_interval text, p_idempotency_key text default null)
returns public.billing_sessions
language sql volatile security invoker set search_path = ''
begin atomic
  select * from app.change_plan(p_workspace_id, p_plan, p_interval, p_idempotency_key);
end;

comment on function public.change_plan(uuid, text, text, text) is
  'Moves the running subscription to another plan from now on, the difference prorated; the row says complete. Needs billing.manage. Errors: billing.not_subscribed, billing.unknown_plan, billing.not_for_sale.';

------------------------------------------------------------------------------------------------
-- Rights
------------------------------------------------------------------------------------------------
revoke execute on function app.require_address(text) from public, anon, authenticated, service_role;
revoke execute on function app.live_subscription(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.version_for_sale(text, text) from public, anon, authenticated, service_role;
revoke execute on function app.begin_session(public.billing_sessions) from public, anon, authenticated, service_role;
revoke execute on function app.start_checkout(uuid, text, text, text, text, text) from public, anon, authenticated, service_role;
revoke execute on function app.buy_credit_pack(uuid, text, text, text, text) from public, anon, authenticated, service_role;
revoke execute on function app.open_portal(uuid, text) from public, anon, authenticated, service_role;
revoke execute on function app.change_plan(uuid, text, text, text) from public, anon, authenticated, service_role;
revoke execute on function public.start_checkout(uuid, text, text, text, text, text) from public, anon, authenticated, service_role;
revoke execute on function public.buy_credit_pack(uuid, text, text, text, text) from public, anon, authenticated, service_role;
revoke execute on function public.open_portal(uuid, text) from public, anon, authenticated, service_role;
revoke execute on function public.change_plan(uuid, text, text, text) from public, anon, authenticated, service_role;
grant execute on function app.start_checkout(uuid, text, text, text, text, text) to authenticated;
grant execute on function app.buy_credit_pack(uuid, text, text, text, text) to authenticated;
grant execute on function app.open_portal(uuid, text) to authenticated;
grant execute on function app.change_plan(uuid, text, text, text) to authenticated;
grant execute on function public.start_checkout(uuid, text, text, text, text, text) to authenticated;
grant execute on function public.buy_credit_pack(uuid, text, text, text, text) to authenticated;
grant execute on function public.open_portal(uuid, text) to authenticated;
grant execute on function public.change_plan(uuid, text, text, text) to authenticated;
