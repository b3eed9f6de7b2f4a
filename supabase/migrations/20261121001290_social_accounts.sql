-- Purpose:  accounts whose public figures a workspace shows, their tokens, one snapshot of figures a day, what reading them costs.
-- Risk:     anon may name objects of schema app; every one of them still refuses it unless granted. Plans that cost get an entitlement.
-- Way back: drop the five tables; delete the permissions social.* and the job kinds social.*; revoke usage on schema app from anon.
set local lock_timeout = '5s';

insert into public.role_permissions (role, permission)
select role, permission
from (values
  ('social.read', '{owner,admin,editor,sales,support,marketing,viewer}'::text[]),
  ('social.write', '{owner,admin,editor,marketing}')
) as grants (permission, roles)
cross join unnest(roles) as role;

insert into public.plan_entitlements (plan_version_id, entitlement)
select v.id, 'social.paid' from public.plan_versions as v where v.plan <> 'free';

insert into app.job_kinds (kind, lane, max_attempts, provider, cost) values
  ('social.refresh_account', 'outbound', 5, null, 1),
  ('social.sweep', 'bulk', 3, null, 1);

grant usage on schema app to anon;

------------------------------------------------------------------------------------------------
-- public.social_accounts
------------------------------------------------------------------------------------------------
create table public.social_accounts (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  platform text not null,
  kind text not null,
  subject text not null check (length(subject) between 1 and 200),
  project_id uuid,
  is_public boolean not null default false,
  token_last4 text check (length(token_last4) = 4),
  scopes text[] not null default '{}',
  expires_at timestamptz,
  status text not null default 'active' check (status in ('active', 'broken', 'disabled')),
  error_code text,
  error_message text,
  etag text check (length(etag) <= 300),
  revision int not null default 1,
  failures int not null default 0 check (failures >= 0),
  next_try_at timestamptz not null default now(),
  read_on date,
  created_by uuid not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  foreign key (project_id, workspace_id) references public.projects (id, workspace_id) on delete set null (project_id),
  check ((platform, kind) in (
    ('github', 'user'), ('github', 'repo'), ('x', 'user'), ('x', 'post'),
    ('linkedin', 'organization'), ('linkedin', 'post'), ('linkedin', 'member')))
);

comment on table public.social_accounts is 'What is watched on GitHub, X and LinkedIn: a profile, a repository, a post. Changed by RPC.';
comment on column public.social_accounts.platform is 'github, x or linkedin.';
comment on column public.social_accounts.kind is 'What of it: user, repo, post, organization, member.';
comment on column public.social_accounts.subject is 'Its name there: a handle, owner/name, a number of a post, an urn.';
comment on column public.social_accounts.project_id is 'The work of the portfolio that it belongs to, if any.';
comment on column public.social_accounts.is_public is
  'Everybody may see its figures by the username that is the address of the workspace''s public portfolio; without one, of whose personal workspace it is.';
comment on column public.social_accounts.token_last4 is 'End of its own token, which nobody reads back; null: the installation''s, where there is one.';
comment on column public.social_accounts.scopes is 'What the token allows, as the platform said when it gave it.';
comment on column public.social_accounts.expires_at is 'When the token ends; told 14 days before.';
comment on column public.social_accounts.status is 'active; broken: the platform refuses the token or does not know the subject; disabled by a member.';
comment on column public.social_accounts.error_code is 'Why the last try brought nothing, stable; see docs/error-codes.md. Null after a good one.';
comment on column public.social_accounts.error_message is 'The same for people.';
comment on column public.social_accounts.etag is 'What the platform called its last answer, for this token: the same again costs nothing.';
comment on column public.social_accounts.revision is 'Counts changes of token and state: an answer to an older one is not written.';
comment on column public.social_accounts.failures is 'Tries in a row that failed; each doubles the wait.';
comment on column public.social_accounts.next_try_at is 'The platform is not asked before.';
comment on column public.social_accounts.read_on is 'UTC day of the last read that costs money: there is one a day.';

create unique index social_accounts_subject_key on public.social_accounts (workspace_id, platform, kind, lower(subject));
create index social_accounts_project_idx on public.social_accounts (project_id, workspace_id);
create index social_accounts_due_idx on public.social_accounts (next_try_at) where status = 'active';
create index social_accounts_expiry_idx on public.social_accounts (expires_at) where expires_at is not null;

alter table public.social_accounts enable row level security;

create policy select_members on public.social_accounts
  for select to authenticated
  using (workspace_id = any (array(select app.workspaces_with('social.read'))));

comment on policy select_members on public.social_accounts is 'Members see what is watched; tokens are elsewhere.';

revoke all on table public.social_accounts from public, anon, authenticated, service_role;
grant select on table public.social_accounts to authenticated, service_role, lamina_worker;

create trigger touch_updated_at before update on public.social_accounts
  for each row execute function app.touch_updated_at();
comment on trigger touch_updated_at on public.social_accounts is 'Stamps updated_at.';

------------------------------------------------------------------------------------------------
-- app.social_secrets
------------------------------------------------------------------------------------------------
create table app.social_secrets (
  account_id uuid primary key references public.social_accounts (id) on delete cascade,
  token text not null
);

comment on table app.social_secrets is 'Tokens, apart from the accounts, so that no client reads them; only the worker does.';
comment on column app.social_secrets.account_id is 'Whose.';
comment on column app.social_secrets.token is 'As the member gave it.';

alter table app.social_secrets enable row level security;

revoke all on table app.social_secrets from public, anon, authenticated, service_role;
grant select on table app.social_secrets to lamina_worker;

------------------------------------------------------------------------------------------------
-- public.social_snapshots
------------------------------------------------------------------------------------------------
create table public.social_snapshots (
  account_id uuid not null references public.social_accounts (id) on delete cascade,
  day date not null,
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  platform text not null,
  status text not null check (status in ('ok', 'unavailable')),
  source text not null,
  followers bigint check (followers >= 0),
  following bigint check (following >= 0),
  repositories bigint check (repositories >= 0),
  posts bigint check (posts >= 0),
  listed bigint check (listed >= 0),
  stars bigint check (stars >= 0),
  forks bigint check (forks >= 0),
  watchers bigint check (watchers >= 0),
  likes bigint check (likes >= 0),
  comments bigint check (comments >= 0),
  reposts bigint check (reposts >= 0),
  quotes bigint check (quotes >= 0),
  bookmarks bigint check (bookmarks >= 0),
  impressions bigint check (impressions >= 0),
  error_code text,
  error_message text,
  taken_at timestamptz not null default now(),
  primary key (account_id, day),
  check (status = 'ok' or num_nonnulls(
    followers, following, repositories, posts, listed, stars, forks, watchers, likes, comments, reposts, quotes, bookmarks, impressions) = 0)
);

comment on table public.social_snapshots is 'Figures of an account, one row a UTC day. Null is unknown and never 0. Written by the worker.';
comment on column public.social_snapshots.day is 'UTC day.';
comment on column public.social_snapshots.platform is 'The account''s, so that a day is read without it.';
comment on column public.social_snapshots.status is 'ok; unavailable: nothing could be read that day, and every figure is null.';
comment on column public.social_snapshots.source is 'Who told: github, x, linkedin; offline: a file of the installation.';
comment on column public.social_snapshots.followers is 'Who follows it.';
comment on column public.social_snapshots.following is 'Whom it follows.';
comment on column public.social_snapshots.repositories is 'GitHub: public repositories.';
comment on column public.social_snapshots.posts is 'X: posts written.';
comment on column public.social_snapshots.listed is 'X: lists it is in.';
comment on column public.social_snapshots.stars is 'GitHub: stars.';
comment on column public.social_snapshots.forks is 'GitHub: forks.';
comment on column public.social_snapshots.watchers is 'GitHub: who is told of what happens (subscribers_count; watchers_count there means stars).';
comment on column public.social_snapshots.likes is 'X likes, LinkedIn reactions.';
comment on column public.social_snapshots.comments is 'X replies, LinkedIn comments.';
comment on column public.social_snapshots.reposts is 'X reposts, LinkedIn reshares.';
comment on column public.social_snapshots.quotes is 'X: quotes.';
comment on column public.social_snapshots.bookmarks is 'X: bookmarks.';
comment on column public.social_snapshots.impressions is 'How often it was shown.';
comment on column public.social_snapshots.error_code is 'Why nothing could be read, stable; see docs/error-codes.md.';
comment on column public.social_snapshots.error_message is 'The same for people.';
comment on column public.social_snapshots.taken_at is 'When the platform last said so.';

create index social_snapshots_workspace_idx on public.social_snapshots (workspace_id, day desc);

alter table public.social_snapshots enable row level security;

create policy select_members on public.social_snapshots
  for select to authenticated
  using (workspace_id = any (array(select app.workspaces_with('social.read'))));

comment on policy select_members on public.social_snapshots is 'Members see the figures over time.';

revoke all on table public.social_snapshots from public, anon, authenticated, service_role;
grant select on table public.social_snapshots to authenticated, service_role, lamina_worker;

------------------------------------------------------------------------------------------------
-- public.social_budgets, public.social_spending
------------------------------------------------------------------------------------------------
create table public.social_budgets (
  workspace_id uuid primary key references public.workspaces (id) on delete cascade,
  limit_microusd bigint not null check (limit_microusd between 0 and 2000000),
  updated_at timestamptz not null default now()
);

comment on table public.social_budgets is 'What reading X may cost a month; without a row 350000, which is one profile a day. Changed by RPC.';
comment on column public.social_budgets.limit_microusd is 'Millionths of a US dollar a UTC month.';

alter table public.social_budgets enable row level security;

create policy select_members on public.social_budgets
  for select to authenticated
  using (workspace_id = any (array(select app.workspaces_with('social.read'))));

comment on policy select_members on public.social_budgets is 'Who wonders why a figure is old sees the limit.';

revoke all on table public.social_budgets from public, anon, authenticated, service_role;
grant select on table public.social_budgets to authenticated, service_role;

create table public.social_spending (
  workspace_id uuid not null,
  month date not null check (extract(day from month) = 1),
  made_by uuid,
  spent_microusd bigint not null check (spent_microusd >= 0),
  primary key (workspace_id, month)
);

comment on table public.social_spending is 'What reading X has cost, by UTC month: counted before the call, given back when X refused it.';
comment on column public.social_spending.workspace_id is 'Whose; stays for two months when the workspace is deleted, so that a new one is no new budget.';
comment on column public.social_spending.month is 'Its first day.';
comment on column public.social_spending.made_by is 'Who made the workspace: what deleted ones spent counts in their others.';
comment on column public.social_spending.spent_microusd is 'Millionths of a US dollar, by X''s price list.';

create index social_spending_maker_idx on public.social_spending (made_by, month);

alter table public.social_spending enable row level security;

create policy select_members on public.social_spending
  for select to authenticated
  using (workspace_id = any (array(select app.workspaces_with('social.read'))));

comment on policy select_members on public.social_spending is 'Who wonders why a figure is old sees what was spent.';

revoke all on table public.social_spending from public, anon, authenticated, service_role;
grant select on table public.social_spending to authenticated, service_role;

------------------------------------------------------------------------------------------------
-- Activity
------------------------------------------------------------------------------------------------
create trigger note_created after insert on public.social_accounts
  for each row execute function app.note_activity_of('social_account');
comment on trigger note_created on public.social_accounts is 'What is watched from now on shows in the activity.';
create trigger note_deleted after delete on public.social_accounts
  for each row execute function app.note_activity_of('social_account');
comment on trigger note_deleted on public.social_accounts is 'So does what is not watched any more.';
