-- Purpose:  states of Stripe's objects applied: each effect once, keyed by the object it is about.
-- Risk:     none, new functions only.
-- Way back: drop the functions of this file.
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- Whose it is, and what plan follows
------------------------------------------------------------------------------------------------
create function app.workspace_of_customer(p_customer_id text, p_workspace_id uuid) returns uuid
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_workspace_id uuid := (select c.workspace_id from app.billing_customers as c where c.customer_id = p_customer_id);
begin
  if v_workspace_id is null and p_customer_id is not null then
    insert into app.billing_customers (customer_id, workspace_id)
    select p_customer_id, w.id from public.workspaces as w where w.id = p_workspace_id
    on conflict do nothing;
    -- Somebody may have been quicker.
    select c.workspace_id into v_workspace_id from app.billing_customers as c where c.customer_id = p_customer_id;
  end if;
  return v_workspace_id;
end;
$$;

comment on function app.workspace_of_customer(text, uuid) is
  'The workspace of a customer; a customer not known yet is believed its metadata, which only we write, if the workspace has no other. Internal.';

create function app.notice(p_workspace_id uuid, p_kind text, p_dedupe_key text, p_detail jsonb default '{}') returns void
language sql volatile security definer set search_path = ''
begin atomic
  insert into public.billing_notices (workspace_id, kind, dedupe_key, detail)
  values (p_workspace_id, p_kind, p_dedupe_key, p_detail)
  on conflict do nothing;
end;

comment on function app.notice(uuid, text, text, jsonb) is 'Each thing once. Internal.';

create function app.best_subscription(p_workspace_id uuid) returns public.subscriptions
language sql stable security definer set search_path = ''
begin atomic
  select s from public.subscriptions as s
  join public.plan_versions as v on v.id = s.plan_version_id
  join public.plans as p on p.plan = v.plan
  where s.workspace_id = p_workspace_id and s.status in ('trialing', 'active', 'past_due')
  order by p.rank desc, s.created_at, s.id limit 1;
end;

comment on function app.best_subscription(uuid) is 'Of those that run the one with the largest plan; null without one. Internal.';

create function app.follow_subscriptions(p_workspace_id uuid) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_best public.subscriptions := app.best_subscription(p_workspace_id);
begin
  if v_best.id is not null then
    insert into app.workspace_terms as t (workspace_id, plan_version_id, source, anchor)
    values (p_workspace_id, v_best.plan_version_id, 'subscription', v_best.anchor)
    on conflict (workspace_id) do update
      set plan_version_id = excluded.plan_version_id, source = excluded.source, anchor = excluded.anchor, updated_at = now();
  else
    delete from app.workspace_terms as t where t.workspace_id = p_workspace_id and t.source = 'subscription';
  end if;
  perform app.follow_terms(p_workspace_id);
end;
$$;

comment on function app.follow_subscriptions(uuid) is
  'The largest plan of the subscriptions that run holds; without one, what staff gave, else plan free. Internal.';

create function app.follow_terms(p_workspace_id uuid) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_terms record;
begin
  select t.plan, v.queue_weight into v_terms
  from app.terms_of(p_workspace_id) as t join public.plan_versions as v on v.id = t.plan_version_id;
  insert into app.workspace_weights as w (workspace_id, weight) values (p_workspace_id, v_terms.queue_weight)
  on conflict (workspace_id) do update set weight = excluded.weight where w.weight <> excluded.weight;
  perform realtime.send(jsonb_build_object('plan', v_terms.plan), 'billing', 'workspace:' || p_workspace_id, true);
end;
$$;

comment on function app.follow_terms(uuid) is 'After a change of plan: the share of the queue, and a hint to members. Internal.';

------------------------------------------------------------------------------------------------
-- States
------------------------------------------------------------------------------------------------
create function app.apply_subscription(p_state jsonb, p_observed_at timestamptz) returns text
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_workspace_id uuid := app.workspace_of_customer(p_state ->> 'customer_id', (p_state ->> 'workspace_id')::uuid);
  v_new public.subscriptions;
  v_price app.stripe_prices;
begin
  if v_workspace_id is null then
    return 'unknown';
  end if;
  perform app.lock_ordering_key('terms:' || v_workspace_id);
  select * into v_price from app.stripe_prices as s where s.price_id = p_state ->> 'price_id' and s.metric is null;
  v_new := jsonb_populate_record(null::public.subscriptions, p_state - 'id');
  insert into public.subscriptions as s (
    workspace_id, stripe_subscription_id, plan_version_id, billing_interval, status, quantity, anchor, current_period_start,
    current_period_end, cancel_at_period_end, cancel_at, canceled_at, ended_at, trial_end, observed_at)
  values (
    v_workspace_id, p_state ->> 'id', v_price.plan_version_id, p_state ->> 'interval', v_new.status, v_new.quantity, v_new.anchor,
    v_new.current_period_start, v_new.current_period_end, v_new.cancel_at_period_end, v_new.cancel_at, v_new.canceled_at,
    v_new.ended_at, v_new.trial_end, p_observed_at)
  on conflict (stripe_subscription_id) do update
    set plan_version_id = excluded.plan_version_id, billing_interval = excluded.billing_interval, status = excluded.status,
      quantity = excluded.quantity, anchor = excluded.anchor, current_period_start = excluded.current_period_start,
      current_period_end = excluded.current_period_end, cancel_at_period_end = excluded.cancel_at_period_end,
      cancel_at = excluded.cancel_at, canceled_at = excluded.canceled_at, ended_at = excluded.ended_at,
      trial_end = excluded.trial_end, observed_at = excluded.observed_at
    -- What Stripe has ended it never begins again: nothing read late revives it.
    where s.status not in ('canceled', 'incomplete_expired') or excluded.status = s.status;
  if v_new.status in ('canceled', 'unpaid') then
    perform app.notice(v_workspace_id, 'subscription_ended', p_state ->> 'id', jsonb_build_object('status', v_new.status));
  end if;
  perform app.follow_subscriptions(v_workspace_id);
  return 'applied';
end;
$$;

comment on function app.apply_subscription(jsonb, timestamptz) is 'Writes a subscription as Stripe told it, and the plan that follows. Internal.';

create function app.apply_invoice(p_state jsonb, p_observed_at timestamptz) returns text
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_workspace_id uuid := app.workspace_of_customer(p_state ->> 'customer_id', null);
  v_new public.invoices := jsonb_populate_record(null::public.invoices, p_state - 'id');
begin
  if v_workspace_id is null then
    return 'unknown';
  end if;
  insert into public.invoices (
    workspace_id, stripe_invoice_id, stripe_subscription_id, number, status, billing_reason, currency, subtotal, tax, total,
    overage_amount, amount_due, amount_paid, amount_remaining, period_start, period_end, hosted_url, pdf_url, issued_at,
    due_at, paid_at, next_attempt_at, observed_at)
  values (
    v_workspace_id, p_state ->> 'id', p_state ->> 'subscription_id', v_new.number, v_new.status, v_new.billing_reason, v_new.currency,
    v_new.subtotal, v_new.tax, v_new.total, v_new.overage_amount, v_new.amount_due, v_new.amount_paid,
    v_new.amount_remaining, v_new.period_start, v_new.period_end, v_new.hosted_url, v_new.pdf_url,
    (p_state ->> 'created_at')::timestamptz, v_new.due_at, v_new.paid_at, v_new.next_attempt_at, p_observed_at)
  on conflict (stripe_invoice_id) do update
    set stripe_subscription_id = excluded.stripe_subscription_id, number = excluded.number, status = excluded.status,
      billing_reason = excluded.billing_reason, subtotal = excluded.subtotal, tax = excluded.tax, total = excluded.total,
      overage_amount = excluded.overage_amount, amount_due = excluded.amount_due, amount_paid = excluded.amount_paid,
      amount_remaining = excluded.amount_remaining, period_start = excluded.period_start, period_end = excluded.period_end,
      hosted_url = excluded.hosted_url, pdf_url = excluded.pdf_url, due_at = excluded.due_at, paid_at = excluded.paid_at,
      next_attempt_at = excluded.next_attempt_at, observed_at = excluded.observed_at;
  if v_new.status = 'open' and (p_state ->> 'attempt_count')::int > 0 then
    perform app.notice(v_workspace_id, 'payment_failed', p_state ->> 'id', jsonb_build_object(
      'amount', v_new.amount_remaining, 'currency', v_new.currency, 'url', v_new.hosted_url,
      'next_attempt_at', v_new.next_attempt_at));
  end if;
  return 'applied';
end;
$$;

comment on function app.apply_invoice(jsonb, timestamptz) is 'Writes an invoice as Stripe told it. Internal.';

create function app.apply_payment(p_state jsonb, p_observed_at timestamptz) returns text
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_new public.payments := jsonb_populate_record(null::public.payments, p_state - 'id');
  v_workspace_id uuid := coalesce(
    app.workspace_of_customer(p_state ->> 'customer_id', null),
    (select s.workspace_id from public.billing_sessions as s where s.stripe_payment_id = p_state ->> 'id'));
begin
  if v_workspace_id is null then
    return 'unknown';
  end if;
  insert into public.payments (
    workspace_id, stripe_payment_id, stripe_invoice_id, status, amount, amount_refunded, currency, failure_code,
    failure_message, dispute_status, receipt_url, paid_at, observed_at)
  values (
    v_workspace_id, p_state ->> 'id', p_state ->> 'invoice_id', v_new.status, v_new.amount, v_new.amount_refunded, v_new.currency,
    v_new.failure_code, v_new.failure_message, v_new.dispute_status, v_new.receipt_url, (p_state ->> 'created_at')::timestamptz,
    p_observed_at)
  on conflict (stripe_payment_id) do update
    set stripe_invoice_id = excluded.stripe_invoice_id, status = excluded.status, amount = excluded.amount,
      amount_refunded = excluded.amount_refunded, failure_code = excluded.failure_code,
      failure_message = excluded.failure_message, dispute_status = excluded.dispute_status,
      receipt_url = excluded.receipt_url, observed_at = excluded.observed_at;
  if v_new.dispute_status is not null then
    perform app.notice(v_workspace_id, 'disputed', p_state ->> 'id', jsonb_build_object('amount', v_new.amount, 'currency', v_new.currency));
  end if;
  perform app.follow_payment(p_state ->> 'id');
  return 'applied';
end;
$$;

comment on function app.apply_payment(jsonb, timestamptz) is 'Writes a payment as Stripe told it; takes credits back when the money went back. Internal.';

create function app.reverse_credits(p_payment_id text) returns void
language sql volatile security definer set search_path = ''
begin atomic
  with reversed as (
    update public.billing_sessions as s set reversed_at = pg_catalog.now()
    from public.credit_packs as k
    where s.stripe_payment_id = p_payment_id and s.fulfilled_at is not null and s.reversed_at is null and k.pack = s.pack
    returning s.workspace_id, k.metric, k.quantity
  )
  update app.credits as c set remaining = greatest(0, c.remaining - reversed.quantity)
  from reversed
  where c.workspace_id = reversed.workspace_id and c.metric = reversed.metric;
end;

comment on function app.reverse_credits(text) is 'Once per session; what was used already stays used. Internal.';

create function app.apply_checkout(p_state jsonb) returns text
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_session public.billing_sessions;
begin
  update public.billing_sessions as s
  set stripe_session_id = p_state ->> 'id', payment_status = p_state ->> 'payment_status',
    stripe_payment_id = coalesce(p_state ->> 'payment_id', s.stripe_payment_id),
    -- Paid is paid: a card may be declined before another one is taken.
    status = case
      when s.status = 'complete' or p_state ->> 'status' = 'complete' and p_state ->> 'payment_status' <> 'unpaid' then 'complete'
      when s.status = 'failed' then 'failed'
      when p_state ->> 'status' = 'expired' then 'expired'
      else 'open' end
  where (s.id = (p_state ->> 'reference')::uuid or s.stripe_session_id = p_state ->> 'id')
    and s.kind in ('checkout', 'credit_pack') and coalesce(s.stripe_session_id, p_state ->> 'id') = p_state ->> 'id'
  returning * into v_session;
  if not found then
    return 'unknown';
  end if;
  update public.billing_sessions as s set error_code = null, error_message = null
  where s.id = v_session.id and s.status = 'complete' and s.error_code is not null;
  perform app.fulfil(v_session);
  perform app.follow_payment(v_session.stripe_payment_id);
  return 'applied';
end;
$$;

comment on function app.apply_checkout(jsonb) is 'Writes how a checkout stands, and gives what was paid. Internal.';

create function app.fulfil(p_session public.billing_sessions) returns void
language sql volatile security definer set search_path = ''
begin atomic
  with given as (
    update public.billing_sessions as s set fulfilled_at = pg_catalog.now()
    from public.credit_packs as k
    where s.id = (p_session).id and s.status = 'complete' and s.fulfilled_at is null and k.pack = s.pack
    returning s.workspace_id, k.metric, k.quantity
  )
  insert into app.credits as c (workspace_id, metric, remaining)
  select given.workspace_id, given.metric, given.quantity from given
  on conflict (workspace_id, metric) do update set remaining = c.remaining + excluded.remaining;
end;

comment on function app.fulfil(public.billing_sessions) is 'Gives the credits of a paid session once, however often it is told. Internal.';

create function app.apply_catalog(p_kind text, p_state jsonb, p_observed_at timestamptz) returns text
language plpgsql volatile security definer set search_path = '' as $$
begin
  update app.stripe_prices as s
  set is_active = case when p_kind = 'price' then (p_state ->> 'active')::boolean else s.is_active end,
    is_product_active = case when p_kind = 'product' then (p_state ->> 'active')::boolean else s.is_product_active end,
    observed_at = p_observed_at
  where p_state ->> 'id' = case p_kind when 'price' then s.price_id else s.product_id end;
  return case when found then 'applied' else 'unknown' end;
end;
$$;

comment on function app.apply_catalog(text, jsonb, timestamptz) is 'Follows the archiving of prices and products at Stripe. Internal.';

------------------------------------------------------------------------------------------------
-- Rights
------------------------------------------------------------------------------------------------
revoke execute on function app.workspace_of_customer(text, uuid) from public, anon, authenticated, service_role;
revoke execute on function app.notice(uuid, text, text, jsonb) from public, anon, authenticated, service_role;
revoke execute on function app.best_subscription(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.reverse_credits(text) from public, anon, authenticated, service_role;
revoke execute on function app.follow_subscriptions(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.follow_terms(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.apply_subscription(jsonb, timestamptz) from public, anon, authenticated, service_role;
revoke execute on function app.apply_invoice(jsonb, timestamptz) from public, anon, authenticated, service_role;
revoke execute on function app.apply_payment(jsonb, timestamptz) from public, anon, authenticated, service_role;
revoke execute on function app.apply_checkout(jsonb) from public, anon, authenticated, service_role;
revoke execute on function app.fulfil(public.billing_sessions) from public, anon, authenticated, service_role;
revoke execute on function app.apply_catalog(text, jsonb, timestamptz) from public, anon, authenticated, service_role;
