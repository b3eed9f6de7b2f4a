-- Purpose:  what is told by itself: a new account, an invitation, what billing notices, a document that failed.
-- Risk:     a new column on public.workspace_invitations, with a constant default: no rewrite. Triggers on auth.users and public.profiles, which swallow their own errors, so that they can never stop a sign-up.
-- Way back: drop trigger lamina_email_confirmed on auth.users, drop the functions (cascade drops the other triggers) and
--           workspace_invitations.mail_status, and put app.invite_member back as 000320 has it.
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- Welcome
------------------------------------------------------------------------------------------------
create function app.welcome(p_user_id uuid) returns void
language sql volatile security definer set search_path = ''
begin atomic
  select app.notify('welcome', p.user_id, null, app.email_of(p.user_id), 'welcome:' || p.user_id)
  from public.profiles as p
  where p.user_id = p_user_id and app.email_of(p.user_id) is not null;
end;

comment on function app.welcome(uuid) is 'Greets a user with a profile and a confirmed address, once. Internal.';

create function app.on_profile_created() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_email text := lower(app.claims() ->> 'email');
begin
  if new.user_id = app.user_id() and app.is_email(v_email) and coalesce(app.claims() ->> 'email_verified', '') <> 'false'
    and not exists (select from auth.users as u where u.id = new.user_id)
  then
    insert into app.user_addresses (user_id, email) values (new.user_id, v_email) on conflict do nothing;
  end if;
  perform app.welcome(new.user_id);
  return null;
exception when others then
  raise warning 'No welcome for new user %: % (%)', new.user_id, sqlerrm, sqlstate;
  return null;
end;
$$;

comment on function app.on_profile_created() is
  'Trigger: notes the address of a user whom only a token names, and greets. Any error becomes a warning, since a sign-up must not fail for it.';

create trigger welcome after insert on public.profiles
  for each row execute function app.on_profile_created();
comment on trigger welcome on public.profiles is 'Whoever came with a confirmed address is greeted at once.';

create function app.on_email_confirmed() returns trigger
language plpgsql volatile security definer set search_path = '' set lock_timeout = '2s' as $$
begin
  perform app.welcome(new.id);
  return null;
exception when others then
  raise warning 'No welcome for user %: % (%)', new.id, sqlerrm, sqlstate;
  return null;
end;
$$;

comment on function app.on_email_confirmed() is
  'Trigger on auth.users: greets who has confirmed their address. SECURITY DEFINER since Auth''s role has no rights here; any error becomes a warning.';

create trigger lamina_email_confirmed after update of email_confirmed_at on auth.users
  for each row when (old.email_confirmed_at is null and new.email_confirmed_at is not null)
  execute function app.on_email_confirmed();

------------------------------------------------------------------------------------------------
-- Invitation
------------------------------------------------------------------------------------------------
create function app.mail_invitation(p_invitation_id uuid, p_token text) returns void
language sql volatile security definer set search_path = ''
begin atomic
  select app.notify(
    'invitation',
    (select u.id from auth.users as u where lower(u.email) = i.email and u.email_confirmed_at is not null limit 1),
    i.workspace_id, i.email, 'invitation:' || i.id,
    pg_catalog.jsonb_build_object(
      'invitation_id', i.id, 'role', i.role, 'expires_at', i.expires_at, 'workspace_id', i.workspace_id,
      'workspace', (select w.name from public.workspaces as w where w.id = i.workspace_id),
      'inviter', (select p.display_name from public.profiles as p where p.user_id = i.invited_by)),
    p_token)
  from public.workspace_invitations as i
  where i.id = p_invitation_id;
end;

comment on function app.mail_invitation(uuid, text) is
  'The token travels in the e-mail only: it is kept until the e-mail has ended, apart from what the feed shows. Who is invited cannot read the workspace, so the feed names it. Internal.';

alter table public.workspace_invitations add column mail_status text not null default 'queued';
comment on column public.workspace_invitations.mail_status is
  'What became of its e-mail, as in notifications.status: with bounced, complained, failed or suppressed it did not arrive, and the inviter must pass the token on.';

create function app.mirror_invitation_mail() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  update public.workspace_invitations as i set mail_status = new.status where i.id = (new.data ->> 'invitation_id')::uuid;
  return null;
end;
$$;

comment on function app.mirror_invitation_mail() is 'The outbox is the invited one''s; who invites sees the state of the e-mail at the invitation.';

create trigger mirror_invitation_mail after update of status on public.notifications
  for each row when (new.kind = 'invitation' and new.status <> old.status)
  execute function app.mirror_invitation_mail();
comment on trigger mirror_invitation_mail on public.notifications is 'An invitation that did not arrive is seen by who made it.';

------------------------------------------------------------------------------------------------
-- Billing
------------------------------------------------------------------------------------------------
create function app.tell_billing() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform app.notify(new.kind, m.user_id, new.workspace_id, null, format('billing:%s:%s', new.id, m.user_id), new.detail)
  from public.workspace_members as m
  join public.role_permissions as g on g.role = m.role and g.permission = 'billing.manage'
  where m.workspace_id = new.workspace_id;
  return null;
end;
$$;

comment on function app.tell_billing() is 'What billing notices is told to every member who may pay.';

create trigger tell_billing after insert on public.billing_notices
  for each row execute function app.tell_billing();
comment on trigger tell_billing on public.billing_notices is 'A notice that nobody reads is none.';

------------------------------------------------------------------------------------------------
-- Documents
------------------------------------------------------------------------------------------------
create function app.tell_document_failed() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform app.notify(
    'document_failed', m.user_id, new.workspace_id, null, format('document:%s:%s', new.id, new.version),
    jsonb_build_object(
      'document_id', new.id, 'title', new.title, 'error_code', new.error_code, 'error_message', new.error_message))
  from public.workspace_members as m
  where m.workspace_id = new.workspace_id and m.user_id = new.created_by;
  return null;
end;
$$;

comment on function app.tell_document_failed() is 'Tells who brought a document that it cannot be read, once a version, if they are still a member.';

create trigger tell_failed after update of status on public.documents
  for each row when (new.status = 'failed' and old.status <> 'failed' and new.error_code is distinct from 'job.cancelled')
  execute function app.tell_document_failed();
comment on trigger tell_failed on public.documents is 'Who waits for a document hears that it will not come; who cancelled it knows.';

------------------------------------------------------------------------------------------------
-- Rights
------------------------------------------------------------------------------------------------
revoke execute on function app.welcome(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.on_profile_created() from public, anon, authenticated, service_role;
revoke execute on function app.on_email_confirmed() from public, anon, authenticated, service_role;
revoke execute on function app.mail_invitation(uuid, text) from public, anon, authenticated, service_role;
revoke execute on function app.mirror_invitation_mail() from public, anon, authenticated, service_role;
revoke execute on function app.tell_billing() from public, anon, authenticated, service_role;
revoke execute on function app.tell_document_failed() from public, anon, authenticated, service_role;
