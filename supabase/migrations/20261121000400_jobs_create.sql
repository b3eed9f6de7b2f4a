-- Purpose:  the queue: kinds of jobs, the jobs themselves, provider pauses, schedule ticks.
-- Risk:     none, new objects only.
-- Way back: drop the tables and app.broadcast_job.
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- app.job_kinds
------------------------------------------------------------------------------------------------
create table app.job_kinds (
  kind text primary key check (kind ~ '^[a-z_]+\.[a-z_]+$'),
  lane text not null check (lane in ('interactive', 'ingest', 'outbound', 'billing', 'bulk')),
  max_attempts int not null default 5 check (max_attempts between 1 and 50),
  provider text,
  cost float8 not null default 1 check (cost > 0),
  permission text
);

comment on table app.job_kinds is 'Every kind of job there is, with its defaults. A kind that is not here cannot be enqueued.';
comment on column app.job_kinds.lane is 'Which kind of work: lanes are claimed separately, so that slow work never blocks quick work.';
comment on column app.job_kinds.provider is 'The outside capability it calls (llm, embeddings, payments, …): a pause of it holds these jobs back.';
comment on column app.job_kinds.permission is
  'What a member needs to cancel, retry or delete such a job, beside being who started it or holding jobs.manage; null: nothing more.';
comment on column app.job_kinds.cost is 'Weight of one job in fair queueing: a job of cost 5 counts like five jobs of cost 1.';

alter table app.job_kinds enable row level security;

revoke all on table app.job_kinds from public, anon, authenticated, service_role;
grant select on table app.job_kinds to lamina_worker;

------------------------------------------------------------------------------------------------
-- app.workspace_weights
------------------------------------------------------------------------------------------------
create table app.workspace_weights (
  workspace_id uuid primary key references public.workspaces (id) on delete cascade,
  weight float8 not null check (weight > 0)
);

comment on table app.workspace_weights is 'Share of the queue a workspace gets, relative to others; 1 when absent. Written by the plan.';

alter table app.workspace_weights enable row level security;

revoke all on table app.workspace_weights from public, anon, authenticated, service_role;

------------------------------------------------------------------------------------------------
-- public.jobs
------------------------------------------------------------------------------------------------
create table public.jobs (
  id bigint generated always as identity primary key,
  workspace_id uuid references public.workspaces (id) on delete cascade,
  kind text not null,
  lane text not null,
  subject_id uuid,
  args jsonb not null default '{}' check (jsonb_typeof(args) = 'object'),
  status text not null default 'queued'
    check (status in ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
  gate text not null default 'open' check (gate in ('open', 'timed', 'ordered', 'closed')),
  stage text,
  progress real not null default 0 check (progress between 0 and 1),
  attempts int not null default 0,
  max_attempts int not null,
  run_at timestamptz not null default now(),
  lease_until timestamptz,
  worker_id text,
  fair_tag float8 not null default 0,
  ordering_key text,
  dedupe_key text,
  provider text,
  cancel_requested_at timestamptz,
  metered boolean not null default false,
  error_code text,
  error_message text,
  created_by uuid,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz,
  check ((gate = 'closed') = (status in ('succeeded', 'failed', 'cancelled')))
)
with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.1);

comment on table public.jobs is 'The queue, the state of each job and what members see of it. Clients change it by RPC only.';
comment on column public.jobs.id is 'Also the order within one ordering_key.';
comment on column public.jobs.workspace_id is 'Null for the platform''s own jobs, which no member sees.';
comment on column public.jobs.kind is '<domain>.<verb>: names the handler.';
comment on column public.jobs.lane is 'Copied from the kind, so that claiming is one index range.';
comment on column public.jobs.subject_id is 'The row the job is about (a document, a message); a job with a subject is broadcast.';
comment on column public.jobs.args is 'Ids only, never contents or secrets.';
comment on column public.jobs.status is 'queued → running → succeeded | failed | cancelled.';
comment on column public.jobs.gate is 'open: may be claimed, or runs; timed: waits for run_at; ordered: waits for its turn; closed: ended. Claiming changes no indexed column, so it is a heap-only update.';
comment on column public.jobs.stage is 'Word for what it is doing now, chosen by the handler.';
comment on column public.jobs.progress is 'Done fraction, 0 to 1.';
comment on column public.jobs.attempts is 'Claims that counted; with worker_id also the fencing token of the running attempt.';
comment on column public.jobs.max_attempts is 'A job that fails for a passing reason is tried this often.';
comment on column public.jobs.run_at is 'Not before.';
comment on column public.jobs.lease_until is 'The running worker owns it until then; afterwards any worker may take it over.';
comment on column public.jobs.worker_id is 'Name of the worker that holds the lease.';
comment on column public.jobs.fair_tag is 'Virtual start time of fair queueing: jobs are claimed in this order.';
comment on column public.jobs.ordering_key is 'Jobs of one key run one at a time, in order of id.';
comment on column public.jobs.dedupe_key is 'Unique among unfinished jobs.';
comment on column public.jobs.provider is 'Copied from the kind: held back while that provider is paused.';
comment on column public.jobs.cancel_requested_at is 'A running job is asked to stop; the worker sees it within seconds.';
comment on column public.jobs.metered is 'The usage ledger holds a reservation for it, settled when it ends.';
comment on column public.jobs.error_code is 'Stable code of the last fault; see docs/error-codes.md.';
comment on column public.jobs.error_message is 'The same for people.';
comment on column public.jobs.created_by is 'The user whose request made it, if any.';
comment on column public.jobs.created_at is 'When it was enqueued.';
comment on column public.jobs.started_at is 'When the latest attempt began.';
comment on column public.jobs.finished_at is 'When it ended.';

create index jobs_claim_idx on public.jobs (lane, fair_tag, id) where gate = 'open';
create index jobs_share_idx on public.jobs (workspace_id, lane, fair_tag) where gate = 'open';
create index jobs_timed_idx on public.jobs (run_at) where gate = 'timed';
create index jobs_ordering_idx on public.jobs (ordering_key, id) where ordering_key is not null and gate <> 'closed';
create unique index jobs_dedupe_idx on public.jobs (dedupe_key) where dedupe_key is not null and gate <> 'closed';
create index jobs_workspace_idx on public.jobs (workspace_id, id);
create index jobs_subject_idx on public.jobs (subject_id) where subject_id is not null and gate <> 'closed';
create index jobs_finished_idx on public.jobs using brin (finished_at);

alter table public.jobs enable row level security;

create policy select_members on public.jobs
  for select to authenticated
  using (workspace_id = any (array(select app.workspaces_with('jobs.read'))));

comment on policy select_members on public.jobs is 'Members watch the work of their workspaces; nobody sees the platform''s own jobs.';

revoke all on table public.jobs from public, anon, authenticated, service_role;
revoke all on sequence public.jobs_id_seq from public, anon, authenticated, service_role;
grant select on table public.jobs to authenticated, service_role, lamina_worker;

------------------------------------------------------------------------------------------------
-- app.provider_pauses
------------------------------------------------------------------------------------------------
create table app.provider_pauses (
  provider text primary key,
  paused_until timestamptz not null,
  reason text not null,
  updated_at timestamptz not null default now()
);

comment on table app.provider_pauses is 'Providers that asked us to wait, or are down: their jobs stay queued and burn no attempts.';

alter table app.provider_pauses enable row level security;

revoke all on table app.provider_pauses from public, anon, authenticated, service_role;
grant select on table app.provider_pauses to lamina_worker;

------------------------------------------------------------------------------------------------
-- app.schedule_ticks
------------------------------------------------------------------------------------------------
create table app.schedule_ticks (
  name text not null,
  tick timestamptz not null,
  job_id bigint,
  primary key (name, tick)
);

comment on table app.schedule_ticks is 'One row per schedule and tick: every worker fires, the first insert wins.';

create index schedule_ticks_tick_idx on app.schedule_ticks (tick);

alter table app.schedule_ticks enable row level security;

revoke all on table app.schedule_ticks from public, anon, authenticated, service_role;
