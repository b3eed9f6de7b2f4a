-- Purpose:  the one door by which the worker writes what it read from Stripe; how billing jobs end; what goes out.
-- Risk:     a trigger on public.workspaces (deletion), one on public.jobs for kinds billing.*.
-- Way back: drop the functions of this file (cascade drops the triggers).
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- States in
------------------------------------------------------------------------------------------------
create function app.apply_stripe_state(p_kind text, p_state jsonb, p_observed_at timestamptz) returns text
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_outcome text;
begin
  insert into app.stripe_objects as o (object_id, observed_at)
  values (coalesce(p_state ->> 'id', p_state ->> 'event_id'), p_observed_at)
  on conflict (object_id) do update set observed_at = excluded.observed_at where o.observed_at < excluded.observed_at;
  if not found then
    return 'superseded';
  end if;
  v_outcome := case p_kind
    when 'subscription' then app.apply_subscription(p_state, p_observed_at)
    when 'invoice' then app.apply_invoice(p_state, p_observed_at)
    when 'payment' then app.apply_payment(p_state, p_observed_at)
    when 'checkout' then app.apply_checkout(p_state)
    when 'customer' then app.apply_customer(p_state)
    when 'meter_fault' then app.apply_meter_fault(p_state)
    else app.apply_catalog(p_kind, p_state, p_observed_at)
  end;
  if v_outcome = 'unknown' then
    -- Nothing was written: an older event must not count as overtaken once it is known whose it is.
    delete from app.stripe_objects as o where o.object_id = coalesce(p_state ->> 'id', p_state ->> 'event_id');
  end if;
  return v_outcome;
end;
$$;

comment on function app.apply_stripe_state(text, jsonb, timestamptz) is
  'Writes one object of Stripe''s as it was read from p_observed_at on: applied; superseded when a later reading is there; unknown when it is nobody''s here. The object''s row in app.stripe_objects makes parallel readings follow each other.';

create function app.apply_customer(p_state jsonb) returns text
language plpgsql volatile security definer set search_path = '' as $$
begin
  if (p_state ->> 'deleted')::boolean then
    update app.billing_customers as c set deleted_at = coalesce(c.deleted_at, now()) where c.customer_id = p_state ->> 'id';
    return case when found then 'applied' else 'unknown' end;
  end if;
  return case
    when app.workspace_of_customer(p_state ->> 'id', (p_state ->> 'workspace_id')::uuid) is null then 'unknown' else 'applied' end;
end;
$$;

comment on function app.apply_customer(jsonb) is 'A customer deleted at Stripe is not used any more. Internal.';

create function app.apply_meter_fault(p_state jsonb) returns text
language plpgsql volatile security definer set search_path = '' as $$
begin
  with failed as (
    update app.meter_events as m
    set status = 'failed', error_code = 'payments.meter_event_refused', error_message = p_state ->> 'message'
    where m.ledger_id = any (
      select substring(i from '-([0-9]{1,18})$')::bigint from jsonb_array_elements_text(p_state -> 'identifiers') as i)
      and p_state -> 'identifiers' ? (m.workspace_id || '-' || m.ledger_id)
    returning m.workspace_id
  )
  insert into public.billing_notices (workspace_id, kind, dedupe_key, detail)
  select distinct failed.workspace_id, 'meter_failed', p_state ->> 'event_id', jsonb_build_object('reason', p_state ->> 'reason') from failed
  on conflict do nothing;
  return 'applied';
end;
$$;

comment on function app.apply_meter_fault(jsonb) is 'Meter events that Stripe took and then dropped are failed, with its reason. Internal.';

create function app.apply_stripe_event(p_event_id text, p_states jsonb, p_observed_at timestamptz) returns text
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_event app.stripe_events;
  v_outcome text;
begin
  select coalesce(min(r.outcome), 'unknown') into v_outcome
  from (
    select app.apply_stripe_state(s.value ->> 'kind', s.value -> 'state', p_observed_at) as outcome
    from jsonb_array_elements(p_states) with ordinality as s order by s.ordinality
  ) as r;
  update app.stripe_events as e set outcome = v_outcome, applied_at = now()
  where e.event_id = p_event_id and e.outcome is null
  returning * into v_event;
  -- An event about a charge or a dispute leads to its payment: the next one about it need not be read again.
  insert into app.stripe_objects as o (object_id, observed_at)
  select v_event.object_id, p_observed_at where v_event.object_id is not null and v_outcome <> 'unknown'
  on conflict (object_id) do update set observed_at = greatest(o.observed_at, excluded.observed_at);
  perform app.notice_event(v_event);
  return v_outcome;
end;
$$;

comment on function app.apply_stripe_event(text, jsonb, timestamptz) is
  'Writes all that was read for an event, in the given order, and closes the event: applied when one of them was. States are {kind, state}.';

create function app.notice_event(p_event app.stripe_events) returns void
language sql volatile security definer set search_path = '' set timezone = 'UTC'
begin atomic
  insert into public.billing_notices (workspace_id, kind, dedupe_key, detail)
  select s.workspace_id, n.kind, pg_catalog.format('%s %s', s.stripe_subscription_id, s.current_period_end),
    pg_catalog.jsonb_build_object('ends_at', coalesce(s.trial_end, s.current_period_end))
  from (values ('invoice.upcoming', 'renewal'), ('customer.subscription.trial_will_end', 'trial_ending')) as n (type, kind)
  join public.subscriptions as s on s.stripe_subscription_id = (p_event).object_id
  where n.type = (p_event).type
  on conflict do nothing;
end;

comment on function app.notice_event(app.stripe_events) is 'Two events are told to people though nothing has changed: a renewal and a trial''s end ahead. Internal.';

create function app.skip_stripe_event(p_event_id text) returns boolean
language sql volatile security definer set search_path = ''
begin atomic
  with known as (
    select e.event_id from app.stripe_events as e
    join app.stripe_objects as o on o.object_id = e.object_id
    where e.event_id = p_event_id and e.outcome is null and o.observed_at >= e.received_at
      and e.type not in ('invoice.upcoming', 'customer.subscription.trial_will_end')
  ),
  closed as (
    update app.stripe_events as e set outcome = 'superseded', applied_at = pg_catalog.now()
    from known where e.event_id = known.event_id
    returning 1
  )
  select exists (select from closed)
    or not exists (select from app.stripe_events as e where e.event_id = p_event_id and e.outcome is null);
end;

comment on function app.skip_stripe_event(text) is
  'True when nothing needs to be read: the event is closed, or its object was read after the event had come in, and so after the change it tells of.';

------------------------------------------------------------------------------------------------
-- What follows from them
------------------------------------------------------------------------------------------------
create function app.follow_payment(p_payment_id text) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_payment public.payments;
begin
  -- Payment and checkout may be written side by side: whichever is second sees the other.
  perform app.lock_ordering_key('payment:' || p_payment_id);
  select * into v_payment from public.payments as p where p.stripe_payment_id = p_payment_id;
  if v_payment.dispute_status = 'lost' or v_payment.amount > 0 and v_payment.amount_refunded >= v_payment.amount then
    perform app.reverse_credits(p_payment_id);
  end if;
  update public.billing_sessions as s
  set status = 'failed', error_code = 'billing.payment_failed',
    error_message = coalesce(v_payment.failure_message, 'The payment did not succeed.')
  where s.stripe_payment_id = p_payment_id and s.status = 'open' and s.payment_status = 'unpaid' and v_payment.status = 'failed';
end;
$$;

comment on function app.follow_payment(text) is
  'What a one-time payment means for its session: credits go back with the money, and late money that does not come is said. Internal.';

------------------------------------------------------------------------------------------------
-- Overage out
------------------------------------------------------------------------------------------------
create function app.bill_above_plan(p_entry public.usage_ledger, p_credited bigint, p_over bigint) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_overage bigint := (
    select case when l.overage_amount is not null then p_over else 0 end
    from app.terms_of(p_entry.workspace_id) as t
    left join public.plan_limits as l on l.plan_version_id = t.plan_version_id and l.metric = p_entry.metric);
  v_customer_id text;
begin
  update public.usage_ledger as e set credited = p_credited, overage = v_overage where e.id = p_entry.id;
  update app.usage_counters as u set credited = u.credited + p_credited, overage = u.overage + v_overage
  where u.workspace_id = p_entry.workspace_id and u.metric = p_entry.metric and u.period_start = p_entry.period_start;
  select c.customer_id into v_customer_id
  from app.billing_customers as c join app.workspace_terms as t on t.workspace_id = c.workspace_id
  where c.workspace_id = p_entry.workspace_id and c.deleted_at is null and t.source = 'subscription';
  if v_overage > 0 and v_customer_id is not null then
    insert into app.meter_events (ledger_id, workspace_id, metric, customer_id, quantity)
    values (p_entry.id, p_entry.workspace_id, p_entry.metric, v_customer_id, v_overage);
    perform app.enqueue(
      'billing.send_meter_event', p_args => jsonb_build_object('ledger_id', p_entry.id),
      p_ordering_key => format('meter:%s:%s', v_customer_id, p_entry.metric));
  end if;
end;
$$;

comment on function app.bill_above_plan(public.usage_ledger, bigint, bigint) is
  'Writes what credits paid and what is overage, and puts the overage into the outbox: one call at a time per customer and metric. The job is the platform''s own: no member can cancel what they owe. Internal.';

create function app.settle_meter_event(p_ledger_id bigint, p_status text, p_error_code text, p_error_message text) returns void
language sql volatile security definer set search_path = ''
begin atomic
  update app.meter_events as m
  set status = p_status, sent_at = case when p_status = 'sent' then pg_catalog.now() end,
    error_code = p_error_code, error_message = p_error_message
  -- What Stripe has dropped stays failed: its reason may be here before the answer to the sending.
  where m.ledger_id = p_ledger_id and m.status <> 'sent' and m.error_code is distinct from 'payments.meter_event_refused';
end;

comment on function app.settle_meter_event(bigint, text, text, text) is 'sent, or failed with a reason for people.';

------------------------------------------------------------------------------------------------
-- However a billing job ends
------------------------------------------------------------------------------------------------
create function app.mirror_billing_job() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_code text := coalesce(new.error_code, 'job.cancelled');
  v_message text := coalesce(new.error_message, 'It was cancelled.');
begin
  if new.kind = 'billing.open_session' and new.gate <> 'closed' and old.gate = 'closed'
    and nullif(current_setting('request.jwt.claims', true), '') is not null then
    -- Who may retry jobs may not therefore pay.
    perform app.require_billing(new.workspace_id, 'billing.manage');
  end if;
  if new.kind = 'billing.open_session' then
    update public.billing_sessions as s
    set status = case new.gate when 'closed' then 'failed' else 'pending' end,
      error_code = case new.gate when 'closed' then v_code end, error_message = case new.gate when 'closed' then v_message end
    where s.id = new.subject_id and s.status in ('pending', 'failed');
  elsif new.gate = 'closed' then
    perform app.settle_meter_event((new.args ->> 'ledger_id')::bigint, 'failed', v_code, v_message);
    perform app.notice(m.workspace_id, 'meter_failed', format('%s %s', m.metric, v_code), jsonb_build_object('reason', v_code))
    from app.meter_events as m where m.ledger_id = (new.args ->> 'ledger_id')::bigint;
  end if;
  return null;
end;
$$;

comment on function app.mirror_billing_job() is 'Success is written by the worker; every other end of a billing job shows in its session or meter event from here.';

create trigger mirror_billing_job after update of status on public.jobs
  for each row when (
    new.kind in ('billing.open_session', 'billing.send_meter_event') and new.status <> 'succeeded'
    and new.gate is distinct from old.gate)
  execute function app.mirror_billing_job();
comment on trigger mirror_billing_job on public.jobs is 'No session is left waiting for a job that has ended.';

create function app.broadcast_session() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform realtime.send(
    jsonb_build_object('id', new.id, 'kind', new.kind, 'status', new.status, 'error_code', new.error_code),
    'billing_session', 'user:' || new.created_by, true);
  return null;
end;
$$;

comment on function app.broadcast_session() is 'Tells who began it that a session has moved; the row has the address.';

create trigger broadcast_update after update on public.billing_sessions
  for each row when (new.status is distinct from old.status)
  execute function app.broadcast_session();
comment on trigger broadcast_update on public.billing_sessions is 'A hint to the payer.';

------------------------------------------------------------------------------------------------
-- A deleted workspace pays no more
------------------------------------------------------------------------------------------------
create function app.end_subscriptions() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform app.enqueue('billing.cancel_subscription',
    p_args => jsonb_build_object('subscription_id', s.stripe_subscription_id),
    p_dedupe_key => 'cancel:' || s.stripe_subscription_id)
  from public.subscriptions as s
  where s.workspace_id = old.id and s.status not in ('canceled', 'incomplete_expired');
  perform app.enqueue('billing.close_checkout',
    p_args => jsonb_build_object('checkout_id', s.stripe_session_id), p_dedupe_key => 'close:' || s.stripe_session_id)
  from public.billing_sessions as s
  where s.workspace_id = old.id and s.kind in ('checkout', 'credit_pack') and s.status = 'open';
  return old;
end;
$$;

comment on function app.end_subscriptions() is 'Before a workspace goes with all its rows, its subscriptions are cancelled at Stripe, which keeps the invoices, and no page is left on which one could pay.';

create trigger end_subscriptions before delete on public.workspaces
  for each row execute function app.end_subscriptions();
comment on trigger end_subscriptions on public.workspaces is 'Nobody pays for what is gone.';

------------------------------------------------------------------------------------------------
-- Rights
------------------------------------------------------------------------------------------------
revoke execute on function app.apply_stripe_state(text, jsonb, timestamptz) from public, anon, authenticated, service_role;
revoke execute on function app.apply_customer(jsonb) from public, anon, authenticated, service_role;
revoke execute on function app.apply_meter_fault(jsonb) from public, anon, authenticated, service_role;
revoke execute on function app.apply_stripe_event(text, jsonb, timestamptz) from public, anon, authenticated, service_role;
revoke execute on function app.follow_payment(text) from public, anon, authenticated, service_role;
revoke execute on function app.notice_event(app.stripe_events) from public, anon, authenticated, service_role;
revoke execute on function app.skip_stripe_event(text) from public, anon, authenticated, service_role;
revoke execute on function app.bill_above_plan(public.usage_ledger, bigint, bigint) from public, anon, authenticated, service_role;
revoke execute on function app.settle_meter_event(bigint, text, text, text) from public, anon, authenticated, service_role;
revoke execute on function app.mirror_billing_job() from public, anon, authenticated, service_role;
revoke execute on function app.broadcast_session() from public, anon, authenticated, service_role;
revoke execute on function app.end_subscriptions() from public, anon, authenticated, service_role;
grant execute on function app.apply_stripe_state(text, jsonb, timestamptz) to lamina_worker;
grant execute on function app.apply_stripe_event(text, jsonb, timestamptz) to lamina_worker;
grant execute on function app.skip_stripe_event(text) to lamina_worker;
grant execute on function app.settle_meter_event(bigint, text, text, text) to lamina_worker;
