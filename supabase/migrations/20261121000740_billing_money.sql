-- Purpose:  the mirror of Stripe: catalogue, customers, subscriptions, invoices, payments, sessions, events, meter events.
-- Risk:     none, new objects only.
-- Way back: drop the tables.
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- app.stripe_prices
------------------------------------------------------------------------------------------------
create table app.stripe_prices (
  price_id text primary key,
  lookup_key text,
  product_id text not null,
  plan_version_id int references public.plan_versions (id) on delete restrict,
  pack text references public.credit_packs (pack) on delete restrict,
  metric text references public.billing_metrics (metric) on delete restrict,
  billing_interval text check (billing_interval in ('month', 'year')),
  is_active boolean not null default true,
  is_product_active boolean not null default true,
  observed_at timestamptz not null default now()
);

comment on table app.stripe_prices is 'Which price of Stripe''s stands for which version, pack or overage; written by lamina plans push, its archiving followed by events.';
comment on column app.stripe_prices.price_id is 'Stripe''s id.';
comment on column app.stripe_prices.lookup_key is 'Our name for it at Stripe: lamina_….';
comment on column app.stripe_prices.plan_version_id is 'The version it sells, or whose overage it bills.';
comment on column app.stripe_prices.pack is 'The credit pack it sells.';
comment on column app.stripe_prices.metric is 'The metric whose overage it bills; null for a plan''s own price.';
comment on column app.stripe_prices.is_active is 'False: archived at Stripe; running subscriptions keep it.';
comment on column app.stripe_prices.is_product_active is 'The same of its product.';
comment on column app.stripe_prices.observed_at is 'When it was read from Stripe.';

create index stripe_prices_plan_version_idx on app.stripe_prices (plan_version_id, billing_interval);
create index stripe_prices_pack_idx on app.stripe_prices (pack);
create index stripe_prices_metric_idx on app.stripe_prices (metric);

alter table app.stripe_prices enable row level security;

revoke all on table app.stripe_prices from public, anon, authenticated, service_role;
grant select, insert, update on table app.stripe_prices to lamina_worker;

------------------------------------------------------------------------------------------------
-- app.billing_customers
------------------------------------------------------------------------------------------------
create table app.billing_customers (
  customer_id text primary key,
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  deleted_at timestamptz,
  created_at timestamptz not null default now()
);

comment on table app.billing_customers is 'Which customer of Stripe''s is which workspace. One in use per workspace; one deleted at Stripe is replaced by the next checkout.';
comment on column app.billing_customers.customer_id is 'Stripe''s id.';
comment on column app.billing_customers.deleted_at is 'When Stripe said that it is gone.';

create unique index billing_customers_workspace_key on app.billing_customers (workspace_id) where deleted_at is null;
create index billing_customers_workspace_idx on app.billing_customers (workspace_id);

alter table app.billing_customers enable row level security;

revoke all on table app.billing_customers from public, anon, authenticated, service_role;
grant select on table app.billing_customers to lamina_worker;

------------------------------------------------------------------------------------------------
-- public.subscriptions
------------------------------------------------------------------------------------------------
create table public.subscriptions (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  stripe_subscription_id text not null unique,
  plan_version_id int references public.plan_versions (id) on delete restrict,
  billing_interval text check (billing_interval in ('month', 'year')),
  status text not null check (status in (
    'incomplete', 'incomplete_expired', 'trialing', 'active', 'past_due', 'canceled', 'unpaid', 'paused')),
  quantity int not null default 1,
  anchor timestamptz not null,
  current_period_start timestamptz,
  current_period_end timestamptz,
  cancel_at_period_end boolean not null default false,
  cancel_at timestamptz,
  canceled_at timestamptz,
  ended_at timestamptz,
  trial_end timestamptz,
  observed_at timestamptz not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

comment on table public.subscriptions is 'Subscriptions as Stripe last told them, ended ones too. Written by the worker only.';
comment on column public.subscriptions.stripe_subscription_id is 'Stripe''s id.';
comment on column public.subscriptions.billing_interval is 'Paid by the month or by the year.';
comment on column public.subscriptions.quantity is 'Of the plan''s price.';
comment on column public.subscriptions.current_period_start is 'Paid from.';
comment on column public.subscriptions.current_period_end is 'Paid until.';
comment on column public.subscriptions.cancel_at_period_end is 'It ends by itself with the period.';
comment on column public.subscriptions.cancel_at is 'When it will end by itself.';
comment on column public.subscriptions.canceled_at is 'When somebody cancelled it.';
comment on column public.subscriptions.ended_at is 'When it ended.';
comment on column public.subscriptions.trial_end is 'End of the trial, if there is one.';
comment on column public.subscriptions.plan_version_id is 'The terms it was sold on; null when its price is none of ours.';
comment on column public.subscriptions.status is 'Stripe''s own word. trialing, active and past_due give the plan; canceled and incomplete_expired are final.';
comment on column public.subscriptions.anchor is 'Stripe''s billing cycle anchor: usage periods are the months from here.';
comment on column public.subscriptions.observed_at is 'When the worker began to read it from Stripe: what was read earlier changes nothing.';

create index subscriptions_workspace_idx on public.subscriptions (workspace_id, created_at desc);
create index subscriptions_plan_version_idx on public.subscriptions (plan_version_id);

alter table public.subscriptions enable row level security;

create policy select_billing on public.subscriptions
  for select to authenticated
  using (workspace_id = any (array(select app.workspaces_with('billing.read'))));
create policy select_with_second_factor on public.subscriptions
  as restrictive for select to authenticated
  using ((select app.second_factor_used()));

comment on policy select_billing on public.subscriptions is 'Those who may see the bills.';
comment on policy select_with_second_factor on public.subscriptions is 'Who has a second factor uses it for money.';

revoke all on table public.subscriptions from public, anon, authenticated, service_role;
grant select on table public.subscriptions to authenticated, lamina_worker;

create trigger touch_updated_at before update on public.subscriptions
  for each row execute function app.touch_updated_at();
comment on trigger touch_updated_at on public.subscriptions is 'Stamps updated_at.';

------------------------------------------------------------------------------------------------
-- public.invoices
------------------------------------------------------------------------------------------------
create table public.invoices (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  stripe_invoice_id text not null unique,
  stripe_subscription_id text,
  number text,
  status text not null check (status in ('draft', 'open', 'paid', 'void', 'uncollectible')),
  billing_reason text,
  currency text not null,
  subtotal int not null,
  tax int not null,
  total int not null,
  overage_amount int not null,
  amount_due int not null,
  amount_paid int not null,
  amount_remaining int not null,
  period_start timestamptz not null,
  period_end timestamptz not null,
  hosted_url text,
  pdf_url text,
  issued_at timestamptz not null,
  due_at timestamptz,
  paid_at timestamptz,
  next_attempt_at timestamptz,
  observed_at timestamptz not null
);

comment on table public.invoices is 'The billing records: one per invoice of Stripe''s, amounts in minor units. Written by the worker only.';
comment on column public.invoices.stripe_invoice_id is 'Stripe''s id.';
comment on column public.invoices.stripe_subscription_id is 'The subscription it bills; null for others.';
comment on column public.invoices.number is 'Number on the paper; null while a draft.';
comment on column public.invoices.status is 'Stripe''s own word.';
comment on column public.invoices.currency is 'ISO 4217, lower case.';
comment on column public.invoices.subtotal is 'Before tax.';
comment on column public.invoices.tax is 'The tax in it.';
comment on column public.invoices.total is 'With tax.';
comment on column public.invoices.amount_due is 'To be paid, after balance and credit notes.';
comment on column public.invoices.amount_paid is 'Paid so far.';
comment on column public.invoices.amount_remaining is 'Still to be paid.';
comment on column public.invoices.period_start is 'Start of the period it bills.';
comment on column public.invoices.period_end is 'Its end.';
comment on column public.invoices.issued_at is 'When it was made.';
comment on column public.invoices.due_at is 'To be paid by.';
comment on column public.invoices.paid_at is 'When it was paid.';
comment on column public.invoices.billing_reason is 'Stripe''s word: subscription_create, subscription_cycle, subscription_update, manual ….';
comment on column public.invoices.overage_amount is 'Of the subtotal, for use above the plan.';
comment on column public.invoices.hosted_url is 'Stripe''s page of the invoice, to see and to pay it.';
comment on column public.invoices.pdf_url is 'The invoice as a PDF.';
comment on column public.invoices.next_attempt_at is 'When Stripe tries to collect it again.';
comment on column public.invoices.observed_at is 'When the worker began to read it from Stripe.';

create index invoices_workspace_idx on public.invoices (workspace_id, issued_at desc, id);

alter table public.invoices enable row level security;

create policy select_billing on public.invoices
  for select to authenticated
  using (workspace_id = any (array(select app.workspaces_with('billing.read'))));
create policy select_with_second_factor on public.invoices
  as restrictive for select to authenticated
  using ((select app.second_factor_used()));

comment on policy select_billing on public.invoices is 'Those who may see the bills.';
comment on policy select_with_second_factor on public.invoices is 'Who has a second factor uses it for money.';

revoke all on table public.invoices from public, anon, authenticated, service_role;
grant select on table public.invoices to authenticated, lamina_worker;

------------------------------------------------------------------------------------------------
-- public.payments
------------------------------------------------------------------------------------------------
create table public.payments (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  stripe_payment_id text not null unique,
  stripe_invoice_id text,
  status text not null check (status in ('succeeded', 'pending', 'failed', 'canceled')),
  amount int not null,
  amount_refunded int not null,
  currency text not null,
  failure_code text,
  failure_message text,
  dispute_status text,
  receipt_url text,
  paid_at timestamptz not null,
  observed_at timestamptz not null
);

comment on table public.payments is 'The payment log: each payment with what became of it, amounts in minor units. Written by the worker only.';
comment on column public.payments.stripe_payment_id is 'Id of the payment intent.';
comment on column public.payments.status is 'succeeded, failed, pending or canceled.';
comment on column public.payments.amount is 'What was to be paid.';
comment on column public.payments.amount_refunded is 'What went back.';
comment on column public.payments.currency is 'ISO 4217, lower case.';
comment on column public.payments.stripe_invoice_id is 'The invoice it pays; null for a one-time payment.';
comment on column public.payments.failure_code is 'Why it was declined, as Stripe names it.';
comment on column public.payments.failure_message is 'The same for people.';
comment on column public.payments.dispute_status is 'Stripe''s word when the payer disputes it; null when nobody does.';
comment on column public.payments.receipt_url is 'Stripe''s receipt.';
comment on column public.payments.paid_at is 'When it was begun.';
comment on column public.payments.observed_at is 'When the worker began to read it from Stripe.';

create index payments_workspace_idx on public.payments (workspace_id, paid_at desc, id);

alter table public.payments enable row level security;

create policy select_billing on public.payments
  for select to authenticated
  using (workspace_id = any (array(select app.workspaces_with('billing.read'))));
create policy select_with_second_factor on public.payments
  as restrictive for select to authenticated
  using ((select app.second_factor_used()));

comment on policy select_billing on public.payments is 'Those who may see the bills.';
comment on policy select_with_second_factor on public.payments is 'Who has a second factor uses it for money.';

revoke all on table public.payments from public, anon, authenticated, service_role;
grant select on table public.payments to authenticated, lamina_worker;
