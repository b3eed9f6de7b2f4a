-- Purpose:  what each workspace may use and has used: terms, counters, ledger, credits, notices.
-- Risk:     none, new objects only.
-- Way back: drop the tables of this file.
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- app.workspace_terms
------------------------------------------------------------------------------------------------
create table app.workspace_terms (
  workspace_id uuid primary key references public.workspaces (id) on delete cascade,
  plan_version_id int not null references public.plan_versions (id) on delete restrict,
  source text not null check (source in ('subscription', 'admin')),
  anchor timestamptz not null,
  updated_at timestamptz not null default now()
);

comment on table app.workspace_terms is 'Which version of which plan holds for a workspace; without a row, the newest version of plan free.';
comment on column app.workspace_terms.source is 'subscription: follows the payments; admin: given by the platform''s staff, until a subscription begins.';
comment on column app.workspace_terms.anchor is 'Usage periods are the months counted from here.';

create index workspace_terms_plan_version_idx on app.workspace_terms (plan_version_id);

alter table app.workspace_terms enable row level security;

revoke all on table app.workspace_terms from public, anon, authenticated, service_role;

------------------------------------------------------------------------------------------------
-- app.spend_caps
------------------------------------------------------------------------------------------------
create table app.spend_caps (
  workspace_id uuid primary key references public.workspaces (id) on delete cascade,
  amount int not null check (amount >= 0)
);

comment on table app.spend_caps is 'The owner''s own cap of a period''s overage, in minor units; without a row, the plan''s.';

alter table app.spend_caps enable row level security;

revoke all on table app.spend_caps from public, anon, authenticated, service_role;

------------------------------------------------------------------------------------------------
-- app.usage_counters
------------------------------------------------------------------------------------------------
create table app.usage_counters (
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  metric text not null references public.billing_metrics (metric) on delete restrict,
  period_start timestamptz not null,
  period_end timestamptz not null,
  reserved bigint not null default 0 check (reserved >= 0),
  committed bigint not null default 0 check (committed >= 0),
  credited bigint not null default 0 check (credited >= 0),
  overage bigint not null default 0 check (overage >= 0),
  primary key (workspace_id, metric, period_start)
)
with (fillfactor = 50);

comment on table app.usage_counters is 'The ledger''s sums, one row to lock per workspace, metric and period. A gauge has one period from -infinity to infinity.';
comment on column app.usage_counters.reserved is 'Held by work that has not ended.';
comment on column app.usage_counters.committed is 'Used.';
comment on column app.usage_counters.credited is 'Of committed, paid by credits.';
comment on column app.usage_counters.overage is 'Of committed, billed above plan and credits.';

create index usage_counters_metric_idx on app.usage_counters (metric);

alter table app.usage_counters enable row level security;

revoke all on table app.usage_counters from public, anon, authenticated, service_role;

------------------------------------------------------------------------------------------------
-- app.credits
------------------------------------------------------------------------------------------------
create table app.credits (
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  metric text not null references public.billing_metrics (metric) on delete restrict,
  remaining bigint not null check (remaining >= 0),
  primary key (workspace_id, metric)
);

comment on table app.credits is 'Bought and not yet used, by metric.';
comment on column app.credits.remaining is 'In the metric''s unit.';

create index credits_metric_idx on app.credits (metric);

alter table app.credits enable row level security;

revoke all on table app.credits from public, anon, authenticated, service_role;

------------------------------------------------------------------------------------------------
-- public.usage_ledger
------------------------------------------------------------------------------------------------
create table public.usage_ledger (
  id bigint generated always as identity primary key,
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  metric text not null references public.billing_metrics (metric) on delete restrict,
  quantity bigint not null check (quantity <> 0),
  status text not null check (status in ('reserved', 'committed', 'released')),
  period_start timestamptz not null,
  credited bigint not null default 0,
  overage bigint not null default 0,
  job_id bigint,
  created_by uuid,
  created_at timestamptz not null default now(),
  settled_at timestamptz
);

comment on table public.usage_ledger is 'Every use: reserved with its job, then committed when the job succeeds or released when it does not.';
comment on column public.usage_ledger.quantity is 'In the metric''s unit; negative where a gauge goes down.';
comment on column public.usage_ledger.status is 'reserved → committed | released.';
comment on column public.usage_ledger.period_start is 'Start of the period it counts in; -infinity for a gauge.';
comment on column public.usage_ledger.credited is 'Of the quantity, paid by credits.';
comment on column public.usage_ledger.overage is 'Of the quantity, billed above plan and credits; the meter event has this entry''s id.';
comment on column public.usage_ledger.job_id is 'The job that used it; it may be purged before the entry.';
comment on column public.usage_ledger.settled_at is 'When it was committed or released.';

create index usage_ledger_workspace_idx on public.usage_ledger (workspace_id, metric, period_start, id desc);
create index usage_ledger_metric_idx on public.usage_ledger (metric);
create unique index usage_ledger_job_key on public.usage_ledger (job_id, metric) where job_id is not null;

alter table public.usage_ledger enable row level security;

revoke all on table public.usage_ledger from public, anon, authenticated, service_role;
revoke all on sequence public.usage_ledger_id_seq from public, anon, authenticated, service_role;
grant select on table public.usage_ledger to authenticated;

------------------------------------------------------------------------------------------------
-- public.billing_notices
------------------------------------------------------------------------------------------------
create table public.billing_notices (
  id bigint generated always as identity primary key,
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  kind text not null check (kind in (
    'limit_80', 'limit_100', 'payment_failed', 'renewal', 'trial_ending', 'disputed', 'subscription_ended', 'meter_failed')),
  dedupe_key text not null,
  detail jsonb not null default '{}' check (jsonb_typeof(detail) = 'object'),
  created_at timestamptz not null default now(),
  unique (workspace_id, kind, dedupe_key)
);

comment on table public.billing_notices is 'What those who pay should hear of; each thing once.';
comment on column public.billing_notices.kind is 'What happened; a message of that kind is sent.';
comment on column public.billing_notices.dedupe_key is 'What it is about: a metric and period, an invoice, a subscription.';
comment on column public.billing_notices.detail is 'Figures for the text of the message.';

alter table public.billing_notices enable row level security;

create policy select_billing on public.billing_notices
  for select to authenticated
  using (workspace_id = any (array(select app.workspaces_with('billing.read'))));
create policy select_with_second_factor on public.billing_notices
  as restrictive for select to authenticated
  using ((select app.second_factor_used()));

comment on policy select_billing on public.billing_notices is 'Those who may see the bills.';
comment on policy select_with_second_factor on public.billing_notices is 'Who has a second factor uses it for money.';

revoke all on table public.billing_notices from public, anon, authenticated, service_role;
revoke all on sequence public.billing_notices_id_seq from public, anon, authenticated, service_role;
grant select on table public.billing_notices to authenticated;

------------------------------------------------------------------------------------------------
-- Terms
------------------------------------------------------------------------------------------------
create function app.usage_period(p_anchor timestamptz, p_at timestamptz, out period_start timestamptz, out period_end timestamptz)
language sql immutable parallel safe security invoker set search_path = ''
begin atomic
  with given as (
    select p_anchor at time zone 'UTC' as anchor, p_at at time zone 'UTC' as moment
  ),
  calendar as (
    select given.*,
      ((extract(year from moment) - extract(year from anchor)) * 12 + extract(month from moment) - extract(month from anchor))::int
        as months
    from given
  ),
  counted as (
    select anchor, months - case when anchor + pg_catalog.make_interval(months => months) > moment then 1 else 0 end as months
    from calendar
  )
  select (anchor + pg_catalog.make_interval(months => months)) at time zone 'UTC',
    (anchor + pg_catalog.make_interval(months => months + 1)) at time zone 'UTC'
  from counted;
end;

comment on function app.usage_period(timestamptz, timestamptz) is
  'The month, counted from the anchor in UTC and backwards too, that a moment falls in: start included, end not. An anchor on the 31st ends short months on their last day, as Stripe counts.';

create function app.terms_of(p_workspace_id uuid)
returns table (
  plan text, plan_version_id int, currency text, spend_cap_amount int, period_start timestamptz, period_end timestamptz)
language sql stable security definer set search_path = '' rows 1
begin atomic
  select v.plan, v.id, v.currency, coalesce(c.amount, v.spend_cap_amount), p.period_start, p.period_end
  from public.workspaces as w
  left join app.workspace_terms as t on t.workspace_id = w.id
  left join app.spend_caps as c on c.workspace_id = w.id
  join public.plan_versions as v on v.id = coalesce(
    t.plan_version_id,
    (select f.id from public.plan_versions as f where f.plan = 'free' order by f.version desc limit 1))
  cross join lateral app.usage_period(coalesce(t.anchor, w.created_at), pg_catalog.now()) as p
  where w.id = p_workspace_id;
end;

comment on function app.terms_of(uuid) is 'The plan that holds for a workspace now, and its usage period; no row for an unknown workspace. Asks nobody''s rights.';

create function app.has_entitlement(p_workspace_id uuid, p_entitlement text) returns boolean
language sql stable security definer set search_path = ''
begin atomic
  select exists (
    select from app.terms_of(p_workspace_id) as terms
    join public.plan_entitlements as e on e.plan_version_id = terms.plan_version_id and e.entitlement = p_entitlement);
end;

comment on function app.has_entitlement(uuid, text) is 'Whether a workspace''s plan switches something on. One truth for policies, functions and the worker.';

create function app.require_entitlement(p_workspace_id uuid, p_entitlement text) returns void
language plpgsql stable security definer set search_path = '' as $$
begin
  if not app.has_entitlement(p_workspace_id, p_entitlement) then
    perform app.fail(402, 'plan.not_entitled',
      format('The plan %s does not include this.', (select t.plan from app.terms_of(p_workspace_id) as t)),
      format('It needs a plan with %s.', p_entitlement));
  end if;
end;
$$;

comment on function app.require_entitlement(uuid, text) is 'Fails with 402 plan.not_entitled. Internal.';

create function app.workspaces_entitled(p_permission text, p_entitlement text) returns setof uuid
language sql stable security definer set search_path = '' rows 10
begin atomic
  select w from app.workspaces_with(p_permission) as w where app.has_entitlement(w, p_entitlement);
end;

comment on function app.workspaces_entitled(text, text) is
  'Workspaces in which the caller holds a permission and whose plan has an entitlement: for policies, once per statement.';

revoke execute on function app.usage_period(timestamptz, timestamptz) from public, anon, authenticated, service_role;
revoke execute on function app.terms_of(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.has_entitlement(uuid, text) from public, anon, authenticated, service_role;
revoke execute on function app.require_entitlement(uuid, text) from public, anon, authenticated, service_role;
revoke execute on function app.workspaces_entitled(text, text) from public, anon, authenticated, service_role;
grant execute on function app.terms_of(uuid) to lamina_worker;
grant execute on function app.has_entitlement(uuid, text) to lamina_worker;
grant execute on function app.workspaces_entitled(text, text) to authenticated;

create policy select_billing on public.usage_ledger
  for select to authenticated
  using (workspace_id = any (array(select app.workspaces_entitled('billing.read', 'usage.history'))));
create policy select_with_second_factor on public.usage_ledger
  as restrictive for select to authenticated
  using ((select app.second_factor_used()));

comment on policy select_billing on public.usage_ledger is 'Those who may see the bills, on a plan with the history of use; the sums are for all plans.';
comment on policy select_with_second_factor on public.usage_ledger is 'Who has a second factor uses it for money.';
