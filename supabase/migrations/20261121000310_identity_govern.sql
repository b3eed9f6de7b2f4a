-- Purpose:  RPC to make, rename and delete workspaces and to change, remove and leave as a member.
-- Risk:     none, new objects only.
-- Way back: drop the functions.
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- guards: what every change of a workspace or its members asks first
------------------------------------------------------------------------------------------------
create function app.lock_as_member(p_workspace_id uuid)
returns public.workspaces
language plpgsql volatile security invoker set search_path = ''
as $$
declare
  v_workspace public.workspaces;
begin
  perform app.require_member(p_workspace_id);
  select workspace.* into v_workspace
  from public.workspaces as workspace where workspace.id = p_workspace_id for no key update;
  -- Whoever held the lock before may have removed the caller.
  perform app.require_member(p_workspace_id);
  return v_workspace;
end;
$$;

comment on function app.lock_as_member(uuid) is
  'Makes changes of one workspace''s members wait for each other; inserts of rows that refer to the workspace do not '
  'wait. Fails for no member. Internal, granted to nobody.';

revoke execute on function app.lock_as_member(uuid) from public, anon, authenticated, service_role;

create function app.lock_workspace(p_workspace_id uuid, p_permission text)
returns public.workspaces
language plpgsql volatile security invoker set search_path = ''
as $$
declare
  v_workspace public.workspaces := app.lock_as_member(p_workspace_id);
begin
  perform app.require_permission(p_workspace_id, p_permission);
  return v_workspace;
end;
$$;

comment on function app.lock_workspace(uuid, text) is
  'app.lock_as_member, then the right is checked while nobody can change it. Internal, granted to nobody.';

revoke execute on function app.lock_workspace(uuid, text) from public, anon, authenticated, service_role;

create function app.require_team(p_workspace public.workspaces)
returns void
language plpgsql stable security invoker set search_path = ''
as $$
begin
  if p_workspace.kind = 'personal' then
    perform app.fail(
      409, 'workspace.personal', 'A personal workspace keeps its one member and cannot be deleted.',
      'Create a team workspace for work with others.'
    );
  end if;
end;
$$;

comment on function app.require_team(public.workspaces) is 'Fails with 409 workspace.personal for a personal workspace. Internal.';

revoke execute on function app.require_team(public.workspaces) from public, anon, authenticated, service_role;

create function app.member_rank(p_workspace_id uuid, p_user_id uuid)
returns int
language sql stable security invoker set search_path = ''
as $$
  select role.rank
  from public.workspace_members as member join public.roles as role on role.role = member.role
  where member.workspace_id = p_workspace_id and member.user_id = p_user_id;
$$;

comment on function app.member_rank(uuid, uuid) is 'A member''s rank, null for no member. Internal.';

revoke execute on function app.member_rank(uuid, uuid) from public, anon, authenticated, service_role;

create function app.require_grantable(p_workspace_id uuid, p_role text)
returns void
language plpgsql stable security invoker set search_path = ''
as $$
declare
  v_rank int := (select role.rank from public.roles as role where role.role = p_role);
begin
  if v_rank is null then
    perform app.fail(
      400, 'member.role_unknown', 'There is no such role.',
      'Use one of: ' || (select string_agg(role.role, ', ' order by role.rank desc, role.role) from public.roles as role) || '.'
    );
  elsif v_rank > app.member_rank(p_workspace_id, app.user_id()) then
    perform app.fail(403, 'member.rank_too_low', 'This role is above your own.', 'Ask somebody of that role.');
  end if;
end;
$$;

comment on function app.require_grantable(uuid, text) is
  'Fails unless the caller''s rank reaches the role: nobody grants above themselves. Internal.';

revoke execute on function app.require_grantable(uuid, text) from public, anon, authenticated, service_role;

create function app.require_rank_over(p_workspace_id uuid, p_user_id uuid)
returns void
language plpgsql stable security invoker set search_path = ''
as $$
declare
  v_theirs int := app.member_rank(p_workspace_id, p_user_id);
  v_own int := app.member_rank(p_workspace_id, app.user_id());
  v_top int := (select max(role.rank) from public.roles as role);
begin
  if v_theirs is null then
    perform app.fail(404, 'member.not_found', 'This user is not a member of the workspace.');
  elsif v_theirs >= v_own and v_own < v_top and p_user_id <> app.user_id() then
    perform app.fail(403, 'member.rank_too_low', 'This member''s role is not below your own.', 'Ask an owner.');
  end if;
end;
$$;

comment on function app.require_rank_over(uuid, uuid) is
  'Fails unless the caller may change or remove the member: one of lower rank, or oneself; at the top, where nobody is '
  'above, owners may change each other. Internal.';

revoke execute on function app.require_rank_over(uuid, uuid) from public, anon, authenticated, service_role;

create function app.require_other_owner(p_workspace_id uuid, p_user_id uuid)
returns void
language plpgsql stable security invoker set search_path = ''
as $$
begin
  if not exists (
    select from public.workspace_members as member
    where member.workspace_id = p_workspace_id and member.role = 'owner' and member.user_id <> p_user_id
  ) then
    perform app.fail(
      409, 'workspace.last_owner', 'A workspace cannot be without an owner.',
      'Make another member owner first, or delete the workspace.'
    );
  end if;
end;
$$;

comment on function app.require_other_owner(uuid, uuid) is
  'Fails with 409 workspace.last_owner when no owner is left besides the user; safe while the workspace is locked. Internal.';

revoke execute on function app.require_other_owner(uuid, uuid) from public, anon, authenticated, service_role;

create function app.workspace_name(p_name text)
returns text
language plpgsql stable security invoker set search_path = ''
as $$
begin
  if app.is_name(btrim(p_name)) is not true then
    perform app.fail(400, 'workspace.name_invalid', 'A workspace needs a name.', 'Use 1 to 100 characters on one line.');
  end if;
  return btrim(p_name);
end;
$$;

comment on function app.workspace_name(text) is 'The trimmed name; fails with 400 workspace.name_invalid. Internal.';

revoke execute on function app.workspace_name(text) from public, anon, authenticated, service_role;

------------------------------------------------------------------------------------------------
-- workspaces
------------------------------------------------------------------------------------------------
create function app.create_workspace(p_name text)
returns public.workspaces
language plpgsql volatile security definer set search_path = ''
as $$
declare
  v_owner public.profiles := app.ensure_profile();
  v_workspace public.workspaces;
begin
  perform app.require_place_for_workspace(v_owner.user_id);
  insert into public.workspaces (name, created_by)
  values (app.workspace_name(p_name), v_owner.user_id)
  returning * into v_workspace;
  insert into public.workspace_members (workspace_id, user_id, role) values (v_workspace.id, v_owner.user_id, 'owner');
  return v_workspace;
end;
$$;

comment on function app.create_workspace(text) is 'Body of public.create_workspace; SECURITY DEFINER: clients write no table here.';

revoke execute on function app.create_workspace(text) from public, anon, authenticated, service_role;
grant execute on function app.create_workspace(text) to authenticated;

create function app.rename_workspace(p_workspace_id uuid, p_name text)
returns public.workspaces
language plpgsql volatile security definer set search_path = ''
as $$
declare
  v_workspace public.workspaces := app.lock_workspace(p_workspace_id, 'workspace.update');
begin
  update public.workspaces as workspace set name = app.workspace_name(p_name)
  where workspace.id = v_workspace.id
  returning * into v_workspace;
  return v_workspace;
end;
$$;

comment on function app.rename_workspace(uuid, text) is 'Body of public.rename_workspace; SECURITY DEFINER: clients write no table here.';

revoke execute on function app.rename_workspace(uuid, text) from public, anon, authenticated, service_role;
grant execute on function app.rename_workspace(uuid, text) to authenticated;

create function app.delete_workspace(p_workspace_id uuid)
returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
  perform app.require_team(app.lock_workspace(p_workspace_id, 'workspace.delete'));
  -- Before the workspace: whoever ends one of its jobs writes rows that refer to it.
  perform from public.jobs as job
  where job.workspace_id = p_workspace_id and job.gate <> 'closed' order by job.id for no key update;
  delete from public.workspaces as workspace where workspace.id = p_workspace_id;
end;
$$;

comment on function app.delete_workspace(uuid) is 'Body of public.delete_workspace; SECURITY DEFINER: clients write no table here.';

revoke execute on function app.delete_workspace(uuid) from public, anon, authenticated, service_role;
grant execute on function app.delete_workspace(uuid) to authenticated;

------------------------------------------------------------------------------------------------
-- members
------------------------------------------------------------------------------------------------
create function app.change_member_role(p_workspace_id uuid, p_user_id uuid, p_role text)
returns public.workspace_members
language plpgsql volatile security definer set search_path = ''
as $$
declare
  v_member public.workspace_members;
begin
  perform app.lock_workspace(p_workspace_id, 'members.manage');
  perform app.require_rank_over(p_workspace_id, p_user_id);
  perform app.require_grantable(p_workspace_id, p_role);
  if p_role <> 'owner' then
    perform app.require_other_owner(p_workspace_id, p_user_id);
  end if;
  update public.workspace_members as member set role = p_role
  where member.workspace_id = p_workspace_id and member.user_id = p_user_id
  returning * into v_member;
  return v_member;
end;
$$;

comment on function app.change_member_role(uuid, uuid, text) is 'Body of public.change_member_role; SECURITY DEFINER: clients write no table here.';

revoke execute on function app.change_member_role(uuid, uuid, text) from public, anon, authenticated, service_role;
grant execute on function app.change_member_role(uuid, uuid, text) to authenticated;

create function app.leave_workspace(p_workspace_id uuid)
returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
  perform app.require_team(app.lock_as_member(p_workspace_id));
  perform app.require_other_owner(p_workspace_id, app.user_id());
  delete from public.workspace_members as member
  where member.workspace_id = p_workspace_id and member.user_id = app.user_id();
end;
$$;

comment on function app.leave_workspace(uuid) is 'Body of public.leave_workspace; SECURITY DEFINER: clients write no table here.';

revoke execute on function app.leave_workspace(uuid) from public, anon, authenticated, service_role;
grant execute on function app.leave_workspace(uuid) to authenticated;

create function app.remove_member(p_workspace_id uuid, p_user_id uuid)
returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
  if p_user_id = app.user_id() then
    perform app.leave_workspace(p_workspace_id);
    return;
  end if;
  perform app.lock_workspace(p_workspace_id, 'members.manage');
  perform app.require_rank_over(p_workspace_id, p_user_id);
  delete from public.workspace_members as member
  where member.workspace_id = p_workspace_id and member.user_id = p_user_id;
end;
$$;

comment on function app.remove_member(uuid, uuid) is 'Body of public.remove_member; SECURITY DEFINER: clients write no table here.';

revoke execute on function app.remove_member(uuid, uuid) from public, anon, authenticated, service_role;
grant execute on function app.remove_member(uuid, uuid) to authenticated;
