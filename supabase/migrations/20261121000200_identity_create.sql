-- Purpose:  who is who and who may do what where: roles and their permissions as rows, profiles, workspaces, members.
-- Risk:     none, new objects only.
-- Way back: drop the five tables, then app.workspaces_with, app.has_permission, app.visible_profiles.
set local lock_timeout = '5s';

-- The rights functions stand before the tables they read, so that each table's block can hold its policies.
set local check_function_bodies = off;

------------------------------------------------------------------------------------------------
-- rights
------------------------------------------------------------------------------------------------
create function app.workspaces_with(p_permission text)
returns setof uuid
language sql stable parallel safe security definer set search_path = '' rows 10
as $$
  select member.workspace_id
  from public.workspace_members as member
  join public.role_permissions as granted on granted.role = member.role and granted.permission = p_permission
  where member.user_id = app.user_id();
$$;

comment on function app.workspaces_with(text) is
  'Workspaces in which the caller holds a permission. For policies: workspace_id = any(array(select app.workspaces_with(…))).';

revoke execute on function app.workspaces_with(text) from public, anon, authenticated, service_role;
grant execute on function app.workspaces_with(text) to authenticated, service_role, lamina_worker;

create function app.has_permission(p_workspace_id uuid, p_permission text)
returns boolean
language sql stable parallel safe security definer set search_path = ''
as $$
  select exists (
    select from public.workspace_members as member
    join public.role_permissions as granted on granted.role = member.role and granted.permission = p_permission
    where member.workspace_id = p_workspace_id and member.user_id = app.user_id()
  );
$$;

comment on function app.has_permission(uuid, text) is 'Whether the caller holds a permission in one workspace; false for no member.';

revoke execute on function app.has_permission(uuid, text) from public, anon, authenticated, service_role;
grant execute on function app.has_permission(uuid, text) to authenticated, service_role, lamina_worker;

create function app.visible_profiles()
returns setof uuid
language sql stable parallel safe security definer set search_path = ''
as $$
  select member.user_id
  from public.workspace_members as member
  where member.workspace_id = any(array(select app.workspaces_with('members.read')));
$$;

comment on function app.visible_profiles() is 'Users who share a workspace with the caller in which the caller may see the members.';

revoke execute on function app.visible_profiles() from public, anon, authenticated, service_role;
grant execute on function app.visible_profiles() to authenticated, service_role, lamina_worker;

------------------------------------------------------------------------------------------------
-- formats, one truth for table checks and functions
------------------------------------------------------------------------------------------------
create function app.is_name(p_text text)
returns boolean
language sql immutable parallel safe security invoker set search_path = ''
as $$
  select char_length(p_text) between 1 and 100 and p_text !~ '^\s|\s$|[[:cntrl:]]';
$$;

comment on function app.is_name(text) is 'A name for people: 1 to 100 characters, no space at the ends, no control character.';

revoke execute on function app.is_name(text) from public, anon, authenticated, service_role;
grant execute on function app.is_name(text) to authenticated, service_role, lamina_worker;

create function app.is_username(p_text text)
returns boolean
language sql immutable parallel safe security invoker set search_path = ''
as $$
  select p_text ~ '^[A-Za-z0-9][A-Za-z0-9_.-]{1,28}[A-Za-z0-9]$';
$$;

comment on function app.is_username(text) is '3 to 30 letters (A–Z), digits, dots, dashes, underscores; a letter or digit at both ends.';

revoke execute on function app.is_username(text) from public, anon, authenticated, service_role;
grant execute on function app.is_username(text) to authenticated, service_role, lamina_worker;

create function app.is_web_address(p_text text)
returns boolean
language sql immutable parallel safe security invoker set search_path = ''
as $$
  select char_length(p_text) <= 2000 and p_text ~* '^https?://[^\s<>"]+$';
$$;

comment on function app.is_web_address(text) is 'An http or https address of at most 2000 characters: never javascript: or data:.';

revoke execute on function app.is_web_address(text) from public, anon, authenticated, service_role;
grant execute on function app.is_web_address(text) to authenticated, service_role, lamina_worker;

------------------------------------------------------------------------------------------------
-- public.roles
------------------------------------------------------------------------------------------------
create table public.roles (
  role text primary key check (role ~ '^[a-z][a-z_]{1,30}$'),
  rank int not null check (rank between 1 and 100),
  description text not null
);

comment on table public.roles is 'Roles a member can have. Nobody grants a role above their own rank.';
comment on column public.roles.role is 'Its name, as members and invitations carry it.';
comment on column public.roles.rank is 'Order of power, 100 is the highest; several roles may share a rank.';
comment on column public.roles.description is 'What the role is for, in a sentence for people.';

alter table public.roles enable row level security;

create policy select_authenticated on public.roles for select to authenticated using (true);
comment on policy select_authenticated on public.roles is 'Everybody signed in: a client shows the choice of roles.';

revoke all on table public.roles from public, anon, authenticated, service_role;
grant select on table public.roles to authenticated, service_role, lamina_worker;

insert into public.roles (role, rank, description) values
  ('owner', 100, 'Holds every right, also to delete the workspace and to pay for it.'),
  ('admin', 80, 'Runs the workspace: settings, members, all content.'),
  ('editor', 60, 'Writes documents and conversations.'),
  ('sales', 40, 'Sales department: reads documents, holds conversations.'),
  ('support', 40, 'Support department: reads documents and every conversation.'),
  ('marketing', 40, 'Marketing department: writes documents, holds conversations.'),
  ('viewer', 20, 'Reads.');

------------------------------------------------------------------------------------------------
-- public.role_permissions
------------------------------------------------------------------------------------------------
create table public.role_permissions (
  role text not null references public.roles (role) on update cascade on delete cascade,
  permission text not null check (permission ~ '^[a-z_]+\.[a-z_]+$'),
  primary key (role, permission)
);

comment on table public.role_permissions is 'What each role may do. A change takes effect on the next request.';
comment on column public.role_permissions.role is 'The role that holds the permission.';
comment on column public.role_permissions.permission is '<thing>.<action>, as policies and functions name it.';

alter table public.role_permissions enable row level security;

create policy select_authenticated on public.role_permissions for select to authenticated using (true);
comment on policy select_authenticated on public.role_permissions is 'Everybody signed in: a client hides what a role may not do.';

revoke all on table public.role_permissions from public, anon, authenticated, service_role;
grant select on table public.role_permissions to authenticated, service_role, lamina_worker;

insert into public.role_permissions (role, permission)
select role, permission
from (values
  ('workspace.read', '{owner,admin,editor,sales,support,marketing,viewer}'::text[]),
  ('workspace.update', '{owner,admin}'),
  ('workspace.delete', '{owner}'),
  ('members.read', '{owner,admin,editor,sales,support,marketing,viewer}'),
  ('members.invite', '{owner,admin}'),
  ('members.manage', '{owner,admin}'),
  ('documents.read', '{owner,admin,editor,sales,support,marketing,viewer}'),
  ('documents.write', '{owner,admin,editor,marketing}'),
  ('conversations.read', '{owner,admin,editor,sales,support,marketing,viewer}'),
  ('conversations.write', '{owner,admin,editor,sales,support,marketing}'),
  ('conversations.read_all', '{owner,admin,support}'),
  ('jobs.read', '{owner,admin,editor,sales,support,marketing,viewer}'),
  ('jobs.manage', '{owner,admin,editor}'),
  ('billing.read', '{owner,admin}'),
  ('billing.manage', '{owner}')
) as grants (permission, roles)
cross join unnest(roles) as role;

------------------------------------------------------------------------------------------------
-- public.profiles
------------------------------------------------------------------------------------------------
create table public.profiles (
  user_id uuid primary key,
  username text check (app.is_username(username)),
  display_name text check (app.is_name(display_name)),
  avatar_url text check (app.is_web_address(avatar_url)),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

comment on table public.profiles is
  'What others see of a user. No foreign key to auth.users: users of a third-party issuer (Clerk) have no row there.';
comment on column public.profiles.user_id is 'app.user_id() of the user.';
comment on column public.profiles.username is 'Chosen by the user, unique without regard to case; null until chosen.';
comment on column public.profiles.display_name is 'Name for people, not unique.';
comment on column public.profiles.avatar_url is 'Web address of a picture.';
comment on column public.profiles.created_at is 'When the user was first seen.';
comment on column public.profiles.updated_at is 'Last change.';

create unique index profiles_username_key on public.profiles (lower(username));

alter table public.profiles enable row level security;

create policy select_self_and_co_members on public.profiles for select to authenticated
  using (user_id = (select app.user_id()) or user_id = any(array(select app.visible_profiles())));
comment on policy select_self_and_co_members on public.profiles is 'Members see the names of those they work with, strangers nothing.';
create policy update_self on public.profiles for update to authenticated
  using (user_id = (select app.user_id())) with check (user_id = (select app.user_id()));
comment on policy update_self on public.profiles is 'A profile is its user''s own; the column grants say which part of it.';

revoke all on table public.profiles from public, anon, authenticated, service_role;
grant select on table public.profiles to authenticated, service_role, lamina_worker;
grant update (username, display_name, avatar_url) on table public.profiles to authenticated;

create trigger touch_updated_at before update on public.profiles
  for each row execute function app.touch_updated_at();

------------------------------------------------------------------------------------------------
-- public.workspaces
------------------------------------------------------------------------------------------------
create table public.workspaces (
  id uuid primary key default gen_random_uuid(),
  name text not null check (app.is_name(name)),
  kind text not null default 'team' check (kind in ('personal', 'team')),
  created_by uuid references public.profiles (user_id) on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

comment on table public.workspaces is 'The tenant: data, limits and billing belong to a workspace. Changed by RPC only.';
comment on column public.workspaces.id is 'Its id, in every row of the tenant.';
comment on column public.workspaces.name is 'Name for people, not unique.';
comment on column public.workspaces.kind is 'personal: made with the user, one member for ever; team: all others.';
comment on column public.workspaces.created_by is 'Who made it; gives no right.';
comment on column public.workspaces.created_at is 'When it was made.';
comment on column public.workspaces.updated_at is 'Last change.';

create unique index workspaces_personal_key on public.workspaces (created_by) where kind = 'personal';
create index workspaces_created_by_idx on public.workspaces (created_by);

alter table public.workspaces enable row level security;

create policy select_members on public.workspaces for select to authenticated
  using (id = any(array(select app.workspaces_with('workspace.read'))));
comment on policy select_members on public.workspaces is 'A workspace exists for its members only.';

revoke all on table public.workspaces from public, anon, authenticated, service_role;
grant select on table public.workspaces to authenticated, service_role, lamina_worker;

create trigger touch_updated_at before update on public.workspaces
  for each row execute function app.touch_updated_at();

------------------------------------------------------------------------------------------------
-- public.workspace_members
------------------------------------------------------------------------------------------------
create table public.workspace_members (
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  user_id uuid not null references public.profiles (user_id) on delete restrict,
  role text not null references public.roles (role) on update cascade on delete restrict,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (workspace_id, user_id)
);

comment on table public.workspace_members is
  'Who is in which workspace, with which role. Changed by RPC only; each keeps at least one owner in the workspace.';
comment on column public.workspace_members.workspace_id is 'The workspace.';
comment on column public.workspace_members.user_id is 'The member; their profile goes only after their memberships.';
comment on column public.workspace_members.role is 'The member''s role there.';
comment on column public.workspace_members.created_at is 'When they joined.';
comment on column public.workspace_members.updated_at is 'Last change of role.';

create index workspace_members_user_id_idx on public.workspace_members (user_id) include (workspace_id, role);
create index workspace_members_role_idx on public.workspace_members (role);

alter table public.workspace_members enable row level security;

create policy select_self_and_members on public.workspace_members for select to authenticated
  using (user_id = (select app.user_id()) or workspace_id = any(array(select app.workspaces_with('members.read'))));
comment on policy select_self_and_members on public.workspace_members is
  'Everybody sees their own memberships, and all members of a workspace where their role lets them.';

revoke all on table public.workspace_members from public, anon, authenticated, service_role;
grant select on table public.workspace_members to authenticated, service_role, lamina_worker;

create trigger touch_updated_at before update on public.workspace_members
  for each row execute function app.touch_updated_at();
