-- Purpose:  what the worker asks and says while it opens a session.
-- Risk:     none, new functions only.
-- Way back: drop the functions of this file.
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- What the worker asks and says
------------------------------------------------------------------------------------------------
create function app.session_to_open(p_session_id uuid)
returns table (
  id uuid, kind text, status text, workspace_id uuid, workspace_name text, email text, customer_id text, customers bigint,
  price_id text, metered_price_ids text[], stripe_subscription_id text, success_url text, cancel_url text, stale text[])
language sql stable security definer set search_path = ''
begin atomic
  select s.id, s.kind, s.status, s.workspace_id, w.name,
    (select u.email from public.workspace_members as m join auth.users as u on u.id = m.user_id
     where m.workspace_id = s.workspace_id and m.role = 'owner' order by m.created_at limit 1),
    (select c.customer_id from app.billing_customers as c where c.workspace_id = s.workspace_id and c.deleted_at is null),
    (select pg_catalog.count(*) from app.billing_customers as c where c.workspace_id = s.workspace_id),
    (select p.price_id from app.stripe_prices as p
     where p.is_active and (
       (p.plan_version_id = s.plan_version_id and p.billing_interval = s.billing_interval and p.metric is null) or p.pack = s.pack)
     order by p.observed_at desc limit 1),
    array(
      select p.price_id from app.stripe_prices as p
      where p.is_active and p.plan_version_id = s.plan_version_id and p.billing_interval = s.billing_interval
        and p.metric is not null order by p.metric),
    (app.live_subscription(s.workspace_id)).stripe_subscription_id, s.success_url, s.cancel_url,
    array(
      select o.stripe_session_id from public.billing_sessions as o
      where o.workspace_id = s.workspace_id and o.kind = 'checkout' and s.kind = 'checkout' and o.status = 'open'
        and o.id <> s.id and o.stripe_session_id is not null)
  from public.billing_sessions as s
  join public.workspaces as w on w.id = s.workspace_id
  where s.id = p_session_id;
end;

comment on function app.session_to_open(uuid) is
  'What the worker needs to open a session; stale are older checkouts that are still open: two paid ones would be two subscriptions.';

create function app.save_customer(p_workspace_id uuid, p_customer_id text) returns text
language plpgsql volatile security definer set search_path = '' as $$
begin
  insert into app.billing_customers (customer_id, workspace_id) values (p_customer_id, p_workspace_id) on conflict do nothing;
  return (select c.customer_id from app.billing_customers as c where c.workspace_id = p_workspace_id and c.deleted_at is null);
end;
$$;

comment on function app.save_customer(uuid, text) is 'The customer of a workspace from now on: the given one, or the one that was there first.';

create function app.session_opened(
  p_session_id uuid, p_stripe_session_id text, p_url text, p_expires_at timestamptz, p_status text) returns void
language sql volatile security definer set search_path = ''
begin atomic
  update public.billing_sessions as s
  set status = p_status, url = p_url, stripe_session_id = p_stripe_session_id, expires_at = p_expires_at,
    error_code = null, error_message = null
  where s.id = p_session_id and s.status in ('pending', 'failed');
end;

comment on function app.session_opened(uuid, text, text, timestamptz, text) is 'The page is there (open), or nothing more is to be done (complete).';

------------------------------------------------------------------------------------------------
-- Rights
------------------------------------------------------------------------------------------------
revoke execute on function app.session_to_open(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.save_customer(uuid, text) from public, anon, authenticated, service_role;
revoke execute on function app.session_opened(uuid, text, text, timestamptz, text) from public, anon, authenticated, service_role;
grant execute on function app.session_to_open(uuid) to lamina_worker;
grant execute on function app.save_customer(uuid, text) to lamina_worker;
grant execute on function app.session_opened(uuid, text, text, timestamptz, text) to lamina_worker;
