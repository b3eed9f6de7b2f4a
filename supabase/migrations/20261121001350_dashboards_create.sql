-- Purpose:  numbers of sales, service, marketing, learning and portfolio, ready before somebody asks.
-- Risk:     none, new objects only.
-- Way back: drop the functions of this file, drop table public.dashboards.
set local lock_timeout = '5s';

insert into app.job_kinds (kind, lane, max_attempts, provider, cost) values ('dashboards.refresh', 'interactive', 3, null, 1);

------------------------------------------------------------------------------------------------
-- public.dashboards
------------------------------------------------------------------------------------------------
create table public.dashboards (
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  domain text not null check (domain in ('sales', 'service', 'marketing', 'learning', 'portfolio')),
  numbers jsonb not null check (jsonb_typeof(numbers) = 'object'),
  computed_at timestamptz not null default now(),
  watched_until timestamptz not null default now(),
  primary key (domain, workspace_id)
);

comment on table public.dashboards is
  'One row a workspace and domain: its numbers, added up beforehand. Made at the first look, renewed while somebody looks.';
comment on column public.dashboards.workspace_id is 'Whose numbers.';
comment on column public.dashboards.domain is 'Which of its departments.';
comment on column public.dashboards.numbers is
  'What docs/architecture.md lists for the domain. Money in units of its currency, never added over currencies.';
comment on column public.dashboards.computed_at is 'As of when.';
comment on column public.dashboards.watched_until is
  'Until then each change renews the numbers within seconds; every look extends it. After that nobody pays for them.';

create index dashboards_workspace_idx on public.dashboards (workspace_id);

alter table public.dashboards enable row level security;

revoke all on table public.dashboards from public, anon, authenticated, service_role;
grant select on table public.dashboards to authenticated, service_role;
