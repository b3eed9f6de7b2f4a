-- Purpose:  the RPC of identity that clients see: thin invoker functions on those of app.
-- Risk:     none, new objects only.
-- Way back: drop the functions.
set local lock_timeout = '5s';

create function public.my_workspaces()
returns table (id uuid, name text, kind text, role text, permissions text[], created_at timestamptz)
language sql stable security invoker set search_path = ''
as $$
  select
    workspace.id, workspace.name, workspace.kind, member.role,
    array(
      select granted.permission from public.role_permissions as granted
      where granted.role = member.role order by granted.permission
    ),
    workspace.created_at
  from public.workspace_members as member
  join public.workspaces as workspace on workspace.id = member.workspace_id
  where member.user_id = (select app.user_id())
  order by workspace.kind, workspace.created_at, workspace.id;
$$;

comment on function public.my_workspaces() is 'Your workspaces, the personal one first, with your role and what it lets you do.';

revoke execute on function public.my_workspaces() from public, anon, authenticated, service_role;
grant execute on function public.my_workspaces() to authenticated;

create function public.create_workspace(p_name text)
returns public.workspaces
language sql volatile security invoker set search_path = ''
as $$
  select * from app.create_workspace(p_name);
$$;

comment on function public.create_workspace(text) is
  'Makes a team workspace with you as its owner.';

revoke execute on function public.create_workspace(text) from public, anon, authenticated, service_role;
grant execute on function public.create_workspace(text) to authenticated;

create function public.rename_workspace(p_workspace_id uuid, p_name text)
returns public.workspaces
language sql volatile security invoker set search_path = ''
as $$
  select * from app.rename_workspace(p_workspace_id, p_name);
$$;

comment on function public.rename_workspace(uuid, text) is
  'Renames a workspace; needs workspace.update.';

revoke execute on function public.rename_workspace(uuid, text) from public, anon, authenticated, service_role;
grant execute on function public.rename_workspace(uuid, text) to authenticated;

create function public.delete_workspace(p_workspace_id uuid)
returns void
language sql volatile security invoker set search_path = ''
as $$
  select app.delete_workspace(p_workspace_id);
$$;

comment on function public.delete_workspace(uuid) is
  'Deletes a team workspace with all its rows; needs workspace.delete.';

revoke execute on function public.delete_workspace(uuid) from public, anon, authenticated, service_role;
grant execute on function public.delete_workspace(uuid) to authenticated;

create function public.invite_member(
  p_workspace_id uuid, p_email text, p_role text,
  out invitation_id uuid, out token text, out expires_at timestamptz
)
language sql volatile security invoker set search_path = ''
as $$
  select * from app.invite_member(p_workspace_id, p_email, p_role);
$$;

comment on function public.invite_member(uuid, text, text) is
  'Invites an e-mail address; needs members.invite. The token is shown this once; an older open invitation of the address is replaced.';

revoke execute on function public.invite_member(uuid, text, text) from public, anon, authenticated, service_role;
grant execute on function public.invite_member(uuid, text, text) to authenticated;

create function public.revoke_invitation(p_invitation_id uuid)
returns void
language sql volatile security invoker set search_path = ''
as $$
  select app.revoke_invitation(p_invitation_id);
$$;

comment on function public.revoke_invitation(uuid) is
  'Takes an open invitation back; needs members.invite. Repeating it is harmless.';

revoke execute on function public.revoke_invitation(uuid) from public, anon, authenticated, service_role;
grant execute on function public.revoke_invitation(uuid) to authenticated;

create function public.accept_invitation(p_token text)
returns public.workspaces
language sql volatile security invoker set search_path = ''
as $$
  select * from app.accept_invitation(p_token);
$$;

comment on function public.accept_invitation(text) is
  'Makes you a member of the workspace; your token must carry the invited e-mail.';

revoke execute on function public.accept_invitation(text) from public, anon, authenticated, service_role;
grant execute on function public.accept_invitation(text) to authenticated;

create function public.accept_invitation_by_id(p_invitation_id uuid)
returns public.workspaces
language sql volatile security invoker set search_path = ''
as $$
  select * from app.accept_invitation_by_id(p_invitation_id);
$$;

comment on function public.accept_invitation_by_id(uuid) is
  'Makes you a member of the workspace, from your feed (invitation_id of a notification): your confirmed e-mail must be the invited one.';

revoke execute on function public.accept_invitation_by_id(uuid) from public, anon, authenticated, service_role;
grant execute on function public.accept_invitation_by_id(uuid) to authenticated;

create function public.change_member_role(p_workspace_id uuid, p_user_id uuid, p_role text)
returns public.workspace_members
language sql volatile security invoker set search_path = ''
as $$
  select * from app.change_member_role(p_workspace_id, p_user_id, p_role);
$$;

comment on function public.change_member_role(uuid, uuid, text) is
  'Gives a member another role; needs members.manage, a rank above the member''s and not below the new role''s.';

revoke execute on function public.change_member_role(uuid, uuid, text) from public, anon, authenticated, service_role;
grant execute on function public.change_member_role(uuid, uuid, text) to authenticated;

create function public.remove_member(p_workspace_id uuid, p_user_id uuid)
returns void
language sql volatile security invoker set search_path = ''
as $$
  select app.remove_member(p_workspace_id, p_user_id);
$$;

comment on function public.remove_member(uuid, uuid) is
  'Removes a member; needs members.manage and a rank above theirs. With your own id it means leaving.';

revoke execute on function public.remove_member(uuid, uuid) from public, anon, authenticated, service_role;
grant execute on function public.remove_member(uuid, uuid) to authenticated;

create function public.leave_workspace(p_workspace_id uuid)
returns void
language sql volatile security invoker set search_path = ''
as $$
  select app.leave_workspace(p_workspace_id);
$$;

comment on function public.leave_workspace(uuid) is
  'Ends your own membership; the last owner cannot leave.';

revoke execute on function public.leave_workspace(uuid) from public, anon, authenticated, service_role;
grant execute on function public.leave_workspace(uuid) to authenticated;
