-- Purpose:  invitations: bound to an e-mail, single use, valid 24 hours, their tokens kept as hashes only.
-- Risk:     none, new objects only.
-- Way back: drop the functions, then the two tables.
set local lock_timeout = '5s';

create function app.is_email(p_text text)
returns boolean
language sql immutable parallel safe security invoker set search_path = ''
as $$
  select char_length(p_text) <= 254 and p_text ~ '^[^@\s]+@[^@\s]+\.[^@\s]+$' and p_text = lower(p_text);
$$;

comment on function app.is_email(text) is 'An e-mail address as we keep it: in lower case, at most 254 characters.';

revoke execute on function app.is_email(text) from public, anon, authenticated, service_role;

------------------------------------------------------------------------------------------------
-- public.workspace_invitations
------------------------------------------------------------------------------------------------
create table public.workspace_invitations (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  email text not null check (app.is_email(email)),
  role text not null references public.roles (role) on update cascade on delete cascade,
  invited_by uuid references public.profiles (user_id) on delete set null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null default now() + interval '24 hours',
  accepted_at timestamptz,
  accepted_by uuid references public.profiles (user_id) on delete set null,
  revoked_at timestamptz,
  check (accepted_at is null or revoked_at is null)
);

comment on table public.workspace_invitations is 'Who was invited into a workspace. Changed by RPC only.';
comment on column public.workspace_invitations.id is 'Its id; not the token.';
comment on column public.workspace_invitations.workspace_id is 'The workspace it leads into.';
comment on column public.workspace_invitations.email is 'Only a user whose token carries this e-mail can accept; lower case.';
comment on column public.workspace_invitations.role is 'The role the new member gets.';
comment on column public.workspace_invitations.invited_by is 'Who invited; the invitation is void when they may no longer.';
comment on column public.workspace_invitations.created_at is 'When it was made.';
comment on column public.workspace_invitations.expires_at is 'From then on it cannot be accepted.';
comment on column public.workspace_invitations.accepted_at is 'When it was used.';
comment on column public.workspace_invitations.accepted_by is 'Who used it.';
comment on column public.workspace_invitations.revoked_at is 'When it was taken back, or replaced by a newer one.';

create unique index workspace_invitations_pending_key on public.workspace_invitations (workspace_id, email)
  where accepted_at is null and revoked_at is null;
create index workspace_invitations_workspace_id_idx on public.workspace_invitations (workspace_id, created_at);
create index workspace_invitations_role_idx on public.workspace_invitations (role);
create index workspace_invitations_invited_by_idx on public.workspace_invitations (invited_by);
create index workspace_invitations_accepted_by_idx on public.workspace_invitations (accepted_by);

alter table public.workspace_invitations enable row level security;

create policy select_inviters on public.workspace_invitations for select to authenticated
  using (workspace_id = any(array(select app.workspaces_with('members.invite'))));
comment on policy select_inviters on public.workspace_invitations is 'E-mails of invited people are for those who may invite.';

revoke all on table public.workspace_invitations from public, anon, authenticated, service_role;
grant select on table public.workspace_invitations to authenticated, service_role, lamina_worker;

------------------------------------------------------------------------------------------------
-- app.invitation_tokens
------------------------------------------------------------------------------------------------
create table app.invitation_tokens (
  invitation_id uuid primary key references public.workspace_invitations (id) on delete cascade,
  token_hash bytea not null unique check (octet_length(token_hash) = 32)
);

comment on table app.invitation_tokens is 'Kept apart from the invitations, so that no client reads a hash.';
comment on column app.invitation_tokens.invitation_id is 'The invitation.';
comment on column app.invitation_tokens.token_hash is 'sha256 of the token, which was shown once; only the e-mail to the invited holds it until it is sent.';

alter table app.invitation_tokens enable row level security;

revoke all on table app.invitation_tokens from public, anon, authenticated, service_role;

------------------------------------------------------------------------------------------------
-- invite, revoke
------------------------------------------------------------------------------------------------
create function app.invite_member(
  p_workspace_id uuid, p_email text, p_role text,
  out invitation_id uuid, out token text, out expires_at timestamptz
)
language plpgsql volatile security definer set search_path = ''
as $$
declare
  v_email text := lower(btrim(p_email));
  v_replaced public.workspace_invitations;
begin
  perform app.require_team(app.lock_workspace(p_workspace_id, 'members.invite'));
  perform app.require_grantable(p_workspace_id, p_role);
  if app.is_email(v_email) is not true then
    perform app.fail(400, 'invitation.email_invalid', 'This is not an e-mail address.');
  end if;

  update public.workspace_invitations as older set revoked_at = now()
  where older.workspace_id = p_workspace_id and older.email = v_email
    and older.accepted_at is null and older.revoked_at is null
  returning older.* into v_replaced;
  if v_replaced.id is not null then
    perform app.require_grantable(p_workspace_id, v_replaced.role);
  end if;
  perform app.require_seat(p_workspace_id, p_role);

  insert into public.workspace_invitations as invitation (workspace_id, email, role, invited_by)
  values (p_workspace_id, v_email, p_role, app.user_id())
  returning invitation.id, invitation.expires_at into invitation_id, expires_at;
  token := encode(sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())), 'hex');
  insert into app.invitation_tokens (invitation_id, token_hash)
  values (invite_member.invitation_id, sha256(convert_to(token, 'UTF8')));
  perform app.mail_invitation(invite_member.invitation_id, token);
end;
$$;

comment on function app.invite_member(uuid, text, text) is
  'Body of public.invite_member. SECURITY DEFINER: clients write no table here. The token is two random uuids (244 bits); it is shown to the inviter and sent to the invited.';

revoke execute on function app.invite_member(uuid, text, text) from public, anon, authenticated, service_role;
grant execute on function app.invite_member(uuid, text, text) to authenticated;

create function app.revoke_invitation(p_invitation_id uuid)
returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
  v_workspace_id uuid;
  v_role text;
begin
  perform app.require_user();
  select invitation.workspace_id, invitation.role into v_workspace_id, v_role
  from public.workspace_invitations as invitation
  where invitation.id = p_invitation_id
    and invitation.workspace_id = any(array(select app.workspaces_with('members.invite')));
  if v_workspace_id is null then
    perform app.fail(404, 'invitation.not_found', 'There is no such invitation.');
  end if;

  perform app.lock_workspace(v_workspace_id, 'members.invite');
  perform app.require_grantable(v_workspace_id, v_role);
  update public.workspace_invitations as invitation set revoked_at = now()
  where invitation.id = p_invitation_id and invitation.accepted_at is null and invitation.revoked_at is null;
  if not found and (select accepted_at from public.workspace_invitations where id = p_invitation_id) is not null then
    perform app.fail(409, 'invitation.used', 'This invitation was used already.', 'Remove the member instead.');
  end if;
end;
$$;

comment on function app.revoke_invitation(uuid) is 'Body of public.revoke_invitation. SECURITY DEFINER: clients write no table here.';

revoke execute on function app.revoke_invitation(uuid) from public, anon, authenticated, service_role;
grant execute on function app.revoke_invitation(uuid) to authenticated;

------------------------------------------------------------------------------------------------
-- accept
------------------------------------------------------------------------------------------------
create function app.invitation_by_token(p_token text)
returns public.workspace_invitations
language sql volatile security invoker set search_path = ''
as $$
  select invitation.*
  from app.invitation_tokens as token
  join public.workspace_invitations as invitation on invitation.id = token.invitation_id
  where token.token_hash = sha256(convert_to(p_token, 'UTF8'));
$$;

comment on function app.invitation_by_token(text) is 'The invitation a token belongs to, a row of nulls for none. Internal.';

revoke execute on function app.invitation_by_token(text) from public, anon, authenticated, service_role;

create function app.require_invitee(p_invitation public.workspace_invitations)
returns void
language plpgsql stable security invoker set search_path = ''
as $$
begin
  if p_invitation.id is null then
    perform app.fail(404, 'invitation.not_found', 'There is no such invitation.', 'Ask for a new one.');
  elsif lower(app.claims() ->> 'email') is distinct from p_invitation.email then
    perform app.fail(
      403, 'invitation.wrong_email', 'This invitation was sent to another e-mail address.',
      'Sign in with the address that was invited.'
    );
  elsif app.claims() ->> 'email_verified' = 'false' then
    perform app.fail(403, 'invitation.email_unverified', 'Your e-mail address is not confirmed yet.', 'Confirm it, then try again.');
  end if;
end;
$$;

comment on function app.require_invitee(public.workspace_invitations) is
  'Fails unless the caller''s token carries the invited e-mail. Only the top-level claims count: user_metadata can be '
  'written by the user. Internal.';

revoke execute on function app.require_invitee(public.workspace_invitations) from public, anon, authenticated, service_role;

create function app.require_open(p_invitation public.workspace_invitations)
returns void
language plpgsql stable security invoker set search_path = ''
as $$
begin
  if p_invitation.accepted_at is not null then
    perform app.fail(409, 'invitation.used', 'This invitation was used already.');
  elsif p_invitation.expires_at <= now() then
    perform app.fail(410, 'invitation.expired', 'This invitation has expired.', 'Ask for a new one.');
  elsif p_invitation.revoked_at is not null or not exists (
    select
    from public.workspace_members as inviter
    join public.roles as own on own.role = inviter.role
    join public.role_permissions as granted on granted.role = inviter.role and granted.permission = 'members.invite'
    where inviter.workspace_id = p_invitation.workspace_id and inviter.user_id = p_invitation.invited_by
      and own.rank >= (select role.rank from public.roles as role where role.role = p_invitation.role)
  ) then
    perform app.fail(410, 'invitation.revoked', 'This invitation was taken back.', 'Ask for a new one.');
  end if;
end;
$$;

comment on function app.require_open(public.workspace_invitations) is
  'Fails when the invitation is used, expired, revoked, or when its inviter could not make it any more. Internal.';

revoke execute on function app.require_open(public.workspace_invitations) from public, anon, authenticated, service_role;

create function app.join_by(p_invitation public.workspace_invitations)
returns public.workspaces
language plpgsql volatile security invoker set search_path = ''
as $$
declare
  v_user_id uuid := app.require_user();
  v_invitation public.workspace_invitations;
  v_workspace public.workspaces;
begin
  perform app.require_invitee(p_invitation);
  select workspace.* into v_workspace
  from public.workspaces as workspace where workspace.id = p_invitation.workspace_id for no key update;
  select invitation.* into v_invitation
  from public.workspace_invitations as invitation where invitation.id = p_invitation.id;
  perform app.require_invitee(v_invitation);
  perform app.require_open(v_invitation);

  perform app.ensure_profile();
  insert into public.workspace_members (workspace_id, user_id, role)
  values (v_workspace.id, v_user_id, v_invitation.role)
  on conflict (workspace_id, user_id) do nothing;
  update public.workspace_invitations as invitation set accepted_at = now(), accepted_by = v_user_id
  where invitation.id = v_invitation.id;
  return v_workspace;
end;
$$;

comment on function app.join_by(public.workspace_invitations) is
  'Makes the caller a member, if they are the invited one and the invitation is open. The workspace''s lock makes it single '
  'use. Who is a member already keeps their role. Internal.';

revoke execute on function app.join_by(public.workspace_invitations) from public, anon, authenticated, service_role;

create function app.accept_invitation(p_token text)
returns public.workspaces
language plpgsql volatile security definer set search_path = ''
as $$
begin
  perform app.require_user();
  return app.join_by(app.invitation_by_token(p_token));
end;
$$;

comment on function app.accept_invitation(text) is
  'Body of public.accept_invitation. SECURITY DEFINER: the caller is no member yet.';

revoke execute on function app.accept_invitation(text) from public, anon, authenticated, service_role;
grant execute on function app.accept_invitation(text) to authenticated;

create function app.accept_invitation_by_id(p_invitation_id uuid)
returns public.workspaces
language plpgsql volatile security definer set search_path = ''
as $$
declare
  v_user_id uuid := app.require_user();
  v_invitation public.workspace_invitations;
begin
  select invitation.* into v_invitation
  from public.workspace_invitations as invitation
  where invitation.id = p_invitation_id and invitation.email = lower(app.claims() ->> 'email');
  if v_invitation.id is not null and app.email_of(v_user_id) is distinct from v_invitation.email then
    perform app.fail(403, 'invitation.email_unverified', 'Your e-mail address is not confirmed yet.', 'Confirm it, then try again.');
  end if;
  return app.join_by(v_invitation);
end;
$$;

comment on function app.accept_invitation_by_id(uuid) is
  'Body of public.accept_invitation_by_id. Without the token, which proves that the e-mail was read, the address must be '
  'confirmed. Another''s invitation is not there. SECURITY DEFINER: the caller is no member yet.';

revoke execute on function app.accept_invitation_by_id(uuid) from public, anon, authenticated, service_role;
grant execute on function app.accept_invitation_by_id(uuid) to authenticated;
