-- Purpose:  roles on the platform itself, above all workspaces.
-- Risk:     none, new objects only.
-- Way back: drop function app.is_platform and table app.platform_members.
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- app.platform_members
------------------------------------------------------------------------------------------------
create table app.platform_members (
  user_id uuid primary key references public.profiles (user_id) on delete cascade,
  role text not null check (role in ('global_admin', 'support_user')),
  created_at timestamptz not null default now()
);

comment on table app.platform_members is
  'Staff of the platform, written by its operator only. A platform role alone opens no workspace.';
comment on column app.platform_members.user_id is 'The user.';
comment on column app.platform_members.role is 'global_admin includes support_user.';
comment on column app.platform_members.created_at is 'Since when.';

alter table app.platform_members enable row level security;

revoke all on table app.platform_members from public, anon, authenticated, service_role;

------------------------------------------------------------------------------------------------
-- rights
------------------------------------------------------------------------------------------------
create function app.is_platform(p_role text)
returns boolean
language sql stable parallel safe security definer set search_path = ''
as $$
  select exists (
    select from app.platform_members as member
    where member.user_id = app.user_id() and member.role in (p_role, 'global_admin')
      and p_role in ('global_admin', 'support_user')
  );
$$;

comment on function app.is_platform(text) is
  'Whether the caller holds a platform role; a global_admin holds both. SECURITY DEFINER: nobody reads the table.';

revoke execute on function app.is_platform(text) from public, anon, authenticated, service_role;
grant execute on function app.is_platform(text) to authenticated;
