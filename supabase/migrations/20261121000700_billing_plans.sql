-- Purpose:  what is sold: metrics, plans in versions with limits and entitlements, credit packs.
-- Risk:     none, new objects only.
-- Way back: drop the six tables and app.guard_plan_version.
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- public.billing_metrics
------------------------------------------------------------------------------------------------
create table public.billing_metrics (
  metric text primary key check (metric ~ '^[a-z][a-z_]{1,30}$'),
  kind text not null check (kind in ('counter', 'gauge')),
  unit text not null,
  description text not null
);

comment on table public.billing_metrics is 'What is counted.';
comment on column public.billing_metrics.metric is 'Its key, in limits, the ledger and meters.';
comment on column public.billing_metrics.kind is 'counter: adds up and begins again each period; gauge: a level that goes up and down.';
comment on column public.billing_metrics.unit is 'What one of it is.';
comment on column public.billing_metrics.description is 'For people.';

alter table public.billing_metrics enable row level security;

create policy select_anyone on public.billing_metrics for select to anon, authenticated using (true);
comment on policy select_anyone on public.billing_metrics is 'A price list is public.';

revoke all on table public.billing_metrics from public, anon, authenticated, service_role;
grant select on table public.billing_metrics to anon, authenticated, service_role, lamina_worker;

insert into public.billing_metrics (metric, kind, unit, description) values
  ('requests', 'counter', 'request', 'Questions answered, searches run, AI tasks done.'),
  ('voice_seconds', 'counter', 'second', 'Audio transcribed or spoken.'),
  ('storage_bytes', 'gauge', 'byte', 'Files and texts kept.'),
  ('documents', 'gauge', 'document', 'Documents kept.'),
  ('seats', 'gauge', 'member', 'Members of the workspace who do more than read: viewers take none.');

------------------------------------------------------------------------------------------------
-- public.plans
------------------------------------------------------------------------------------------------
create table public.plans (
  plan text primary key check (plan ~ '^[a-z][a-z_]{1,30}$'),
  name text not null check (app.is_name(name)),
  description text not null default '' check (length(description) <= 500),
  rank int not null unique,
  is_public boolean not null default true,
  created_at timestamptz not null default now()
);

comment on table public.plans is 'The plans. What a plan gives is in its versions; new customers get the newest.';
comment on column public.plans.plan is 'Its key, in prices and functions.';
comment on column public.plans.name is 'For people.';
comment on column public.plans.description is 'For whom it is, in a sentence.';
comment on column public.plans.rank is 'Order from the smallest to the largest.';
comment on column public.plans.is_public is 'On the price list; others are given by the platform''s staff only.';

create index plans_is_public_idx on public.plans (is_public);

alter table public.plans enable row level security;

create policy select_public on public.plans for select to anon, authenticated using (is_public);
comment on policy select_public on public.plans is 'A price list is public.';

revoke all on table public.plans from public, anon, authenticated, service_role;
grant select on table public.plans to anon, authenticated, service_role, lamina_worker;

------------------------------------------------------------------------------------------------
-- public.plan_versions
------------------------------------------------------------------------------------------------
create table public.plan_versions (
  id int generated always as identity primary key,
  plan text not null references public.plans (plan) on update cascade on delete restrict,
  version int not null check (version > 0),
  currency text not null check (currency ~ '^[a-z]{3}$'),
  monthly_amount int check (monthly_amount >= 0),
  annual_amount int check (annual_amount >= 0),
  spend_cap_amount int check (spend_cap_amount >= 0),
  queue_weight float8 not null default 1 check (queue_weight > 0),
  created_by uuid,
  created_at timestamptz not null default now(),
  unique (plan, version)
);

comment on table public.plan_versions is 'The terms of a plan. A version never changes: a running subscription keeps the one it was sold.';
comment on column public.plan_versions.version is 'Counts from 1 within the plan.';
comment on column public.plan_versions.currency is 'ISO 4217, lower case as Stripe writes it.';
comment on column public.plan_versions.monthly_amount is 'Price of a month in minor units; null: not sold by the month.';
comment on column public.plan_versions.annual_amount is 'Price of a year in minor units; null: not sold by the year.';
comment on column public.plan_versions.spend_cap_amount is 'Most a period''s overage may come to, in minor units, unless the owner says otherwise; null: no cap.';
comment on column public.plan_versions.queue_weight is 'Share of the queue, relative to others.';
comment on column public.plan_versions.created_by is 'Of the platform''s staff; null for what a migration brought.';

alter table public.plan_versions enable row level security;

create policy select_public on public.plan_versions for select to anon, authenticated
  using (plan = any (array(select p.plan from public.plans as p)));
comment on policy select_public on public.plan_versions is 'Of the plans one sees.';

revoke all on table public.plan_versions from public, anon, authenticated, service_role;
revoke all on sequence public.plan_versions_id_seq from public, anon, authenticated, service_role;
grant select on table public.plan_versions to anon, authenticated, service_role, lamina_worker;

------------------------------------------------------------------------------------------------
-- public.plan_limits
------------------------------------------------------------------------------------------------
create table public.plan_limits (
  plan_version_id int not null references public.plan_versions (id) on delete cascade,
  metric text not null references public.billing_metrics (metric) on delete restrict,
  included bigint check (included >= 0),
  overage_amount int check (overage_amount > 0),
  overage_per bigint check (overage_per > 0),
  primary key (plan_version_id, metric),
  check ((overage_amount is null) = (overage_per is null)),
  check (overage_amount is null or included is not null)
);

comment on table public.plan_limits is 'How much of each metric a version includes, and what more costs. A metric without a row is not included at all.';
comment on column public.plan_limits.included is 'In the metric''s unit, each period for a counter; null: without limit.';
comment on column public.plan_limits.overage_amount is 'Price of each overage_per units above, in minor units; null: no more than included.';
comment on column public.plan_limits.overage_per is 'Units that overage_amount buys.';

create index plan_limits_metric_idx on public.plan_limits (metric);

alter table public.plan_limits enable row level security;

create policy select_public on public.plan_limits for select to anon, authenticated
  using (plan_version_id = any (array(select v.id from public.plan_versions as v)));
comment on policy select_public on public.plan_limits is 'Of the plans one sees.';

revoke all on table public.plan_limits from public, anon, authenticated, service_role;
grant select on table public.plan_limits to anon, authenticated, service_role, lamina_worker;

------------------------------------------------------------------------------------------------
-- public.plan_entitlements
------------------------------------------------------------------------------------------------
create table public.plan_entitlements (
  plan_version_id int not null references public.plan_versions (id) on delete cascade,
  entitlement text not null check (entitlement ~ '^[a-z_]+(\.[a-z_]+)?$'),
  primary key (plan_version_id, entitlement)
);

comment on table public.plan_entitlements is 'What a version switches on, beyond amounts.';
comment on column public.plan_entitlements.entitlement is 'Key that policies, functions and the worker ask for.';

alter table public.plan_entitlements enable row level security;

create policy select_public on public.plan_entitlements for select to anon, authenticated
  using (plan_version_id = any (array(select v.id from public.plan_versions as v)));
comment on policy select_public on public.plan_entitlements is 'Of the plans one sees.';

revoke all on table public.plan_entitlements from public, anon, authenticated, service_role;
grant select on table public.plan_entitlements to anon, authenticated, service_role, lamina_worker;

------------------------------------------------------------------------------------------------
-- public.credit_packs
------------------------------------------------------------------------------------------------
create table public.credit_packs (
  pack text primary key check (pack ~ '^[a-z][a-z0-9_]{1,40}$'),
  name text not null check (app.is_name(name)),
  metric text not null references public.billing_metrics (metric) on delete restrict,
  quantity bigint not null check (quantity > 0),
  currency text not null check (currency ~ '^[a-z]{3}$'),
  amount int not null check (amount > 0),
  is_sold boolean not null default true
);

comment on table public.credit_packs is 'One-time payments: so much more of a metric, used after what the plan includes and before overage, without an end date.';
comment on column public.credit_packs.pack is 'Its key, in prices and functions.';
comment on column public.credit_packs.name is 'For people.';
comment on column public.credit_packs.currency is 'ISO 4217, lower case.';
comment on column public.credit_packs.quantity is 'In the metric''s unit.';
comment on column public.credit_packs.amount is 'Price in minor units.';
comment on column public.credit_packs.is_sold is 'False: bought ones stay good, but it is off the list.';

create index credit_packs_metric_idx on public.credit_packs (metric);
create index credit_packs_is_sold_idx on public.credit_packs (is_sold);

alter table public.credit_packs enable row level security;

create policy select_sold on public.credit_packs for select to anon, authenticated using (is_sold);
comment on policy select_sold on public.credit_packs is 'A price list is public.';

revoke all on table public.credit_packs from public, anon, authenticated, service_role;
grant select on table public.credit_packs to anon, authenticated, service_role, lamina_worker;

------------------------------------------------------------------------------------------------
-- A version never changes
------------------------------------------------------------------------------------------------
create function app.guard_plan_version() returns trigger
language plpgsql volatile security invoker set search_path = '' as $$
begin
  perform app.fail(409, 'plan.version_immutable', 'The terms of a version never change.', 'Make a new version of the plan.');
  return null;
end;
$$;

comment on function app.guard_plan_version() is 'Trigger: what was sold stays what it was.';

revoke execute on function app.guard_plan_version() from public, anon, authenticated, service_role;

create trigger guard_change before update or delete on public.plan_versions
  for each row execute function app.guard_plan_version();
comment on trigger guard_change on public.plan_versions is 'Append only.';
create trigger guard_change before update or delete on public.plan_limits
  for each row execute function app.guard_plan_version();
comment on trigger guard_change on public.plan_limits is 'Append only.';
create trigger guard_change before update or delete on public.plan_entitlements
  for each row execute function app.guard_plan_version();
comment on trigger guard_change on public.plan_entitlements is 'Append only.';
