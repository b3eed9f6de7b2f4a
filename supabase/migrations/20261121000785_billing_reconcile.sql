-- Purpose:  what reconciliation compares, and how long events are kept.
-- Risk:     none, new functions only.
-- Way back: drop the functions.
set local lock_timeout = '5s';

create function app.subscriptions_held()
returns table (
  id text, status text, price_ids text[], current_period_end timestamptz, cancel_at_period_end boolean, in_force boolean)
language sql stable security definer set search_path = ''
begin atomic
  select s.stripe_subscription_id, s.status,
    array(
      select p.price_id from app.stripe_prices as p
      where p.plan_version_id = s.plan_version_id and p.billing_interval = s.billing_interval and p.metric is null),
    s.current_period_end, s.cancel_at_period_end,
    s.status not in ('trialing', 'active', 'past_due')
      or coalesce(t.source = 'subscription' and (t.plan_version_id, t.anchor) = (best.plan_version_id, best.anchor), false)
  from public.subscriptions as s
  cross join lateral app.best_subscription(s.workspace_id) as best
  left join app.workspace_terms as t on t.workspace_id = s.workspace_id;
end;

comment on function app.subscriptions_held() is
  'Our subscriptions as reconciliation compares them: prices that sell their version, and whether their workspace lives on what it has paid.';

create function app.checkouts_open(p_older_than interval) returns table (id text)
language sql stable security definer set search_path = ''
begin atomic
  select s.stripe_session_id from public.billing_sessions as s
  where s.status = 'open' and s.kind in ('checkout', 'credit_pack') and s.created_at < pg_catalog.now() - p_older_than
  order by s.created_at;
end;

comment on function app.checkouts_open(interval) is 'Pages begun so long ago that still wait to be paid, as far as we know.';

create function app.purge_stripe_events(p_older_than interval) returns bigint
language sql volatile security definer set search_path = ''
begin atomic
  with old_objects as (
    delete from app.stripe_objects as o where o.observed_at < pg_catalog.now() - p_older_than
  ),
  old_reports as (
    delete from app.drift_reports as r where r.created_at < pg_catalog.now() - p_older_than
  ),
  gone as (
    delete from app.stripe_events as e
    where e.received_at < pg_catalog.now() - greatest(p_older_than, interval '40 days') and e.outcome is not null
    returning 1
  )
  select pg_catalog.count(*) from gone;
end;

comment on function app.purge_stripe_events(interval) is
  'Forgets applied events older than this, but never within the 30 days in which Stripe can send one again; returns how many.';

revoke execute on function app.subscriptions_held() from public, anon, authenticated, service_role;
revoke execute on function app.checkouts_open(interval) from public, anon, authenticated, service_role;
revoke execute on function app.purge_stripe_events(interval) from public, anon, authenticated, service_role;
grant execute on function app.subscriptions_held() to lamina_worker;
grant execute on function app.checkouts_open(interval) to lamina_worker;
grant execute on function app.purge_stripe_events(interval) to lamina_worker;
