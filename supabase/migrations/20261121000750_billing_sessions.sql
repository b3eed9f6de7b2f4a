-- Purpose:  what the worker does at Stripe for someone: checkout, portal, change of plan; events in, meter events out, drift.
-- Risk:     none, new objects only.
-- Way back: drop the tables.
set local lock_timeout = '5s';

insert into app.job_kinds (kind, lane, max_attempts, provider, cost) values
  ('billing.open_session', 'interactive', 5, 'payments', 1),
  ('billing.apply_event', 'billing', 10, 'payments', 1),
  ('billing.send_meter_event', 'billing', 20, 'payments', 1),
  ('billing.cancel_subscription', 'billing', 20, 'payments', 1),
  ('billing.close_checkout', 'billing', 20, 'payments', 1),
  ('billing.reconcile', 'bulk', 3, 'payments', 1),
  ('billing.purge_events', 'bulk', 3, null, 1);

------------------------------------------------------------------------------------------------
-- public.billing_sessions
------------------------------------------------------------------------------------------------
create table public.billing_sessions (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  kind text not null check (kind in ('checkout', 'credit_pack', 'portal', 'change')),
  plan_version_id int references public.plan_versions (id) on delete restrict,
  billing_interval text check (billing_interval in ('month', 'year')),
  pack text references public.credit_packs (pack) on delete restrict,
  status text not null default 'pending' check (status in ('pending', 'open', 'complete', 'expired', 'failed')),
  url text,
  success_url text,
  cancel_url text,
  stripe_session_id text unique,
  stripe_payment_id text,
  payment_status text,
  expires_at timestamptz,
  fulfilled_at timestamptz,
  reversed_at timestamptz,
  error_code text,
  error_message text,
  idempotency_key text check (length(idempotency_key) between 1 and 200),
  job_id bigint,
  created_by uuid not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

comment on table public.billing_sessions is 'Begun by RPC, opened by the worker: the address to send the payer to, and how it ended.';
comment on column public.billing_sessions.kind is 'checkout: a first subscription; credit_pack: a one-time payment; portal: Stripe''s customer portal; change: another plan of a running subscription, without a page.';
comment on column public.billing_sessions.status is 'pending → open (go to url) → complete | expired | failed.';
comment on column public.billing_sessions.billing_interval is 'Paid by the month or by the year.';
comment on column public.billing_sessions.url is 'Page of the payment provider''s, for the payer only.';
comment on column public.billing_sessions.success_url is 'Where the payer comes back to; from the portal too.';
comment on column public.billing_sessions.cancel_url is 'Where the payer comes back to without paying.';
comment on column public.billing_sessions.stripe_session_id is 'Stripe''s id of the page.';
comment on column public.billing_sessions.stripe_payment_id is 'Payment of a one-time payment.';
comment on column public.billing_sessions.expires_at is 'The page is good until then.';
comment on column public.billing_sessions.payment_status is 'Stripe''s word: paid, unpaid, no_payment_required.';
comment on column public.billing_sessions.fulfilled_at is 'When what was paid was given, once.';
comment on column public.billing_sessions.reversed_at is 'When it was taken back for a refund or a lost dispute, once.';
comment on column public.billing_sessions.error_code is 'Why it failed, stable; see docs/error-codes.md.';
comment on column public.billing_sessions.error_message is 'The same for people.';
comment on column public.billing_sessions.job_id is 'Job that opens it: watch, cancel or retry that.';
comment on column public.billing_sessions.idempotency_key is 'Chosen by the client: the same key begins one session.';

create index billing_sessions_workspace_idx on public.billing_sessions (workspace_id, created_at desc);
create index billing_sessions_plan_version_idx on public.billing_sessions (plan_version_id);
create index billing_sessions_pack_idx on public.billing_sessions (pack);
create index billing_sessions_payment_idx on public.billing_sessions (stripe_payment_id) where stripe_payment_id is not null;
create unique index billing_sessions_idempotency_key on public.billing_sessions (workspace_id, idempotency_key)
  where idempotency_key is not null;

alter table public.billing_sessions enable row level security;

create policy select_payers on public.billing_sessions
  for select to authenticated
  using (workspace_id = any (array(select app.workspaces_with('billing.manage'))));
create policy select_with_second_factor on public.billing_sessions
  as restrictive for select to authenticated
  using ((select app.second_factor_used()));

comment on policy select_payers on public.billing_sessions is 'The address of a portal is as good as a key: for those who may pay.';
comment on policy select_with_second_factor on public.billing_sessions is 'Who has a second factor uses it for money.';

revoke all on table public.billing_sessions from public, anon, authenticated, service_role;
grant select on table public.billing_sessions to authenticated;

create trigger touch_updated_at before update on public.billing_sessions
  for each row execute function app.touch_updated_at();
comment on trigger touch_updated_at on public.billing_sessions is 'Stamps updated_at.';

------------------------------------------------------------------------------------------------
-- app.stripe_events
------------------------------------------------------------------------------------------------
create table app.stripe_events (
  event_id text primary key,
  type text not null,
  object_type text,
  object_id text,
  customer_id text,
  api_version text,
  is_live boolean,
  received_at timestamptz not null default now(),
  outcome text check (outcome in ('applied', 'superseded', 'unknown', 'ignored')),
  applied_at timestamptz,
  job_id bigint
);

comment on table app.stripe_events is 'Events of Stripe''s, each once. Only what they are about is kept: the object itself is read again from Stripe.';
comment on column app.stripe_events.object_type is 'What to read: subscription, invoice, checkout, payment, customer, product, price, meter_fault; null: nothing.';
comment on column app.stripe_events.outcome is 'applied; superseded: the object was read after the event had come; unknown: it is nobody''s here; ignored: a type without effect.';

create index stripe_events_received_idx on app.stripe_events using brin (received_at);

alter table app.stripe_events enable row level security;

revoke all on table app.stripe_events from public, anon, authenticated, service_role;
grant select on table app.stripe_events to lamina_worker;

------------------------------------------------------------------------------------------------
-- app.stripe_objects
------------------------------------------------------------------------------------------------
create table app.stripe_objects (
  object_id text primary key,
  observed_at timestamptz not null
);

comment on table app.stripe_objects is 'When each object was last read from Stripe and applied: older events about it need no other reading.';
comment on column app.stripe_objects.observed_at is 'When that reading began, on the database''s clock.';

alter table app.stripe_objects enable row level security;

revoke all on table app.stripe_objects from public, anon, authenticated, service_role;
grant select on table app.stripe_objects to lamina_worker;

------------------------------------------------------------------------------------------------
-- app.meter_events
------------------------------------------------------------------------------------------------
create table app.meter_events (
  ledger_id bigint primary key references public.usage_ledger (id) on delete cascade,
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  metric text not null references public.billing_metrics (metric) on delete restrict,
  customer_id text not null,
  quantity bigint not null check (quantity > 0),
  used_at timestamptz not null default now(),
  status text not null default 'pending' check (status in ('pending', 'sent', 'failed')),
  sent_at timestamptz,
  error_code text,
  error_message text
);

comment on table app.meter_events is 'The outbox of overage: one meter event per entry of the ledger, whose id is its identifier, so that a repeated one is known.';
comment on column app.meter_events.quantity is 'Units above plan and credits.';
comment on column app.meter_events.error_message is 'Why it will not be billed, for people.';

create index meter_events_workspace_idx on app.meter_events (workspace_id);
create index meter_events_metric_idx on app.meter_events (metric);
create index meter_events_pending_idx on app.meter_events (ledger_id) where status <> 'sent';

alter table app.meter_events enable row level security;

revoke all on table app.meter_events from public, anon, authenticated, service_role;
grant select on table app.meter_events to lamina_worker;

------------------------------------------------------------------------------------------------
-- app.drift_reports
------------------------------------------------------------------------------------------------
create table app.drift_reports (
  id bigint generated always as identity primary key,
  dry_run boolean not null,
  checked int not null,
  drift jsonb not null check (jsonb_typeof(drift) = 'array'),
  created_at timestamptz not null default now()
);

comment on table app.drift_reports is 'What reconciliation found: where our rows differed from Stripe, and what was mended.';
comment on column app.drift_reports.checked is 'Objects of Stripe''s that were compared.';
comment on column app.drift_reports.drift is 'Array of {object_id, kind, ours, theirs, mended}.';

alter table app.drift_reports enable row level security;

revoke all on table app.drift_reports from public, anon, authenticated, service_role;
revoke all on sequence app.drift_reports_id_seq from public, anon, authenticated, service_role;
grant select, insert on table app.drift_reports to lamina_worker;
