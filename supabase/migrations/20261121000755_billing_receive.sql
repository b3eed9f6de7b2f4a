-- Purpose:  events of Stripe's in: stored once, with a job that reads again what they are about.
-- Risk:     none, new functions only.
-- Way back: drop the functions of this file.
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- Events
------------------------------------------------------------------------------------------------
create function app.stripe_reference(p_value jsonb) returns text
language sql immutable parallel safe security invoker set search_path = ''
return case jsonb_typeof(p_value) when 'string' then p_value #>> '{}' when 'object' then p_value ->> 'id' end;

comment on function app.stripe_reference(jsonb) is 'Id of an object of Stripe''s, whether it was expanded or not.';

create function app.stripe_target(p_event jsonb, out object_type text, out object_id text, out customer_id text)
language sql immutable parallel safe security invoker set search_path = ''
begin atomic
  select case
      when e.type like 'customer.subscription.%' or e.type = 'invoice.upcoming' then 'subscription'
      when e.type like 'invoice.%' or e.type like 'invoice\_payment.%' then 'invoice'
      when e.type like 'checkout.session.%' then 'checkout'
      when e.type like 'payment\_intent.%' or e.type like 'charge.%' or e.type like 'refund.%' then 'payment'
      when e.type in ('customer.created', 'customer.updated', 'customer.deleted') then 'customer'
      when e.type like 'product.%' then 'product'
      when e.type like 'price.%' then 'price'
      when e.type like 'v1.billing.meter.%' then 'meter_fault'
    end,
    case
      when e.type like 'v1.billing.meter.%' then p_event ->> 'id'
      -- The invoice to come has no id yet, in either shape of the API.
      when e.type = 'invoice.upcoming' then coalesce(
        app.stripe_reference(e.object #> '{parent,subscription_details,subscription}'),
        app.stripe_reference(e.object -> 'subscription'))
      when e.type like 'invoice\_payment.%' then app.stripe_reference(e.object -> 'invoice')
      else e.object ->> 'id'
    end,
    case
      when e.type in ('customer.created', 'customer.updated', 'customer.deleted') then e.object ->> 'id'
      else app.stripe_reference(e.object -> 'customer')
    end
  from (select p_event ->> 'type' as type, p_event #> '{data,object}' as object) as e;
end;

comment on function app.stripe_target(jsonb) is 'What an event tells to read again: kind and id of the object; kind null for a type without effect.';

create function app.receive_stripe_event(p_event jsonb) returns text
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_id text := p_event ->> 'id';
  v_target record;
  v_has_effect boolean;
begin
  if v_id is null or length(v_id) not between 1 and 255 or coalesce(length(p_event ->> 'type'), 0) not between 1 and 255 then
    perform app.fail(400, 'stripe.event_malformed', 'This is not an event of Stripe''s.');
  end if;
  select * into v_target from app.stripe_target(p_event);
  v_has_effect := v_target.object_type is not null and length(v_target.object_id) between 1 and 255;
  insert into app.stripe_events (event_id, type, object_type, object_id, customer_id, api_version, is_live, outcome)
  values (
    v_id, p_event ->> 'type', v_target.object_type, v_target.object_id, v_target.customer_id,
    p_event ->> 'api_version', p_event -> 'livemode' = 'true', case when v_has_effect then null else 'ignored' end)
  on conflict (event_id) do nothing;
  if not found then
    return 'duplicate';
  elsif not coalesce(v_has_effect, false) then
    return 'ignored';
  end if;
  update app.stripe_events as e
  set job_id = app.enqueue(
    'billing.apply_event', p_args => jsonb_build_object('event_id', v_id),
    p_ordering_key => 'stripe:' || coalesce(v_target.customer_id, v_target.object_id))
  where e.event_id = v_id;
  return 'stored';
end;
$$;

comment on function app.receive_stripe_event(jsonb) is 'Behind public.receive_stripe_event.';

create function public.receive_stripe_event(p_event jsonb) returns text
language sql volatile security invoker set search_path = ''
begin atomic
  select app.receive_stripe_event(p_event);
end;

comment on function public.receive_stripe_event(jsonb) is
  'For the webhook door, after it has checked the signature: stores an event once and enqueues its job. Returns stored, duplicate or ignored. Error: stripe.event_malformed.';

------------------------------------------------------------------------------------------------
-- Rights
------------------------------------------------------------------------------------------------
revoke execute on function app.stripe_reference(jsonb) from public, anon, authenticated, service_role;
revoke execute on function app.stripe_target(jsonb) from public, anon, authenticated, service_role;
revoke execute on function app.receive_stripe_event(jsonb) from public, anon, authenticated, service_role;
revoke execute on function public.receive_stripe_event(jsonb) from public, anon, authenticated, service_role;
grant execute on function app.receive_stripe_event(jsonb) to service_role;
grant execute on function public.receive_stripe_event(jsonb) to service_role;
