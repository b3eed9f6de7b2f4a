-- Purpose:  checks of rights that fail in words; the profile and the personal workspace of every user.
-- Risk:     a trigger on auth.users; it swallows its own errors, so that it can never stop a sign-up.
-- Way back: drop trigger lamina_user_created on auth.users, then the functions.
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- rights
------------------------------------------------------------------------------------------------
create function app.require_member(p_workspace_id uuid)
returns void
language plpgsql stable security definer set search_path = ''
as $$
declare
  v_user_id uuid := app.require_user();
begin
  if not exists (
    select from public.workspace_members as member
    where member.workspace_id = p_workspace_id and member.user_id = v_user_id
  ) then
    perform app.fail(404, 'workspace.not_found', 'There is no such workspace, or you are not a member of it.');
  end if;
end;
$$;

comment on function app.require_member(uuid) is
  'Fails with 404 workspace.not_found for no member, whether the workspace exists or not; 401 when nobody is signed in.';

revoke execute on function app.require_member(uuid) from public, anon, authenticated, service_role;
grant execute on function app.require_member(uuid) to authenticated;

create function app.require_permission(p_workspace_id uuid, p_permission text)
returns void
language plpgsql stable security invoker set search_path = ''
as $$
begin
  if not app.has_permission(p_workspace_id, p_permission) then
    perform app.require_member(p_workspace_id);
    perform app.fail(
      403, 'workspace.forbidden', 'Your role in this workspace does not allow this.',
      format('Ask an owner or admin for a role with the permission %s.', p_permission)
    );
  end if;
end;
$$;

comment on function app.require_permission(uuid, text) is
  'Fails unless the caller holds the permission: 401 auth.required, 404 workspace.not_found, 403 workspace.forbidden.';

revoke execute on function app.require_permission(uuid, text) from public, anon, authenticated, service_role;
grant execute on function app.require_permission(uuid, text) to authenticated;

------------------------------------------------------------------------------------------------
-- profiles
------------------------------------------------------------------------------------------------
create function app.guard_profile()
returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
begin
  new.username := nullif(btrim(new.username), '');
  new.display_name := nullif(btrim(new.display_name), '');
  new.avatar_url := nullif(btrim(new.avatar_url), '');
  if not app.is_username(new.username) then
    perform app.fail(
      400, 'profile.username_invalid', 'This username cannot be used.',
      'Use 3 to 30 letters (A–Z), digits, dots, dashes or underscores, with a letter or digit at both ends.'
    );
  elsif not app.is_name(new.display_name) then
    perform app.fail(400, 'profile.display_name_invalid', 'This name cannot be used.', 'Use 1 to 100 characters.');
  elsif not app.is_web_address(new.avatar_url) then
    perform app.fail(400, 'profile.avatar_url_invalid', 'This is not the address of a picture.', 'Use a full http(s) address.');
  elsif exists (
    select from public.profiles as other
    where lower(other.username) = lower(new.username) and other.user_id <> new.user_id
  ) then
    perform app.fail(409, 'profile.username_taken', 'This username is taken.', 'Choose another one.');
  end if;
  return new;
end;
$$;

comment on function app.guard_profile() is
  'Trigger: trims a profile''s texts and refuses bad ones in words. SECURITY DEFINER to see every username; the unique index still decides.';

revoke execute on function app.guard_profile() from public, anon, authenticated, service_role;

create trigger guard_profile before insert or update on public.profiles
  for each row execute function app.guard_profile();

create function app.person_name(p_traits jsonb, p_email text)
returns text
language sql immutable parallel safe security invoker set search_path = ''
as $$
  select name
  from unnest(array[
    p_traits ->> 'full_name', p_traits ->> 'name', p_traits ->> 'display_name', split_part(p_email, '@', 1)
  ]) with ordinality as source (text, place)
  cross join lateral btrim(left(btrim(regexp_replace(source.text, '[[:cntrl:]\s]+', ' ', 'g')), 100)) as name
  where app.is_name(name)
  order by place
  limit 1;
$$;

comment on function app.person_name(jsonb, text) is
  'A person''s name as the issuer knows it, cleaned; else the part of the e-mail before the @; null when there is neither.';

revoke execute on function app.person_name(jsonb, text) from public, anon, authenticated, service_role;

create function app.create_profile(p_user_id uuid, p_traits jsonb, p_email text)
returns void
language plpgsql volatile security invoker set search_path = ''
as $$
declare
  v_name text := app.person_name(p_traits, p_email);
  v_picture text := coalesce(p_traits ->> 'avatar_url', p_traits ->> 'picture');
begin
  insert into public.profiles (user_id, display_name, avatar_url)
  values (p_user_id, v_name, case when app.is_web_address(v_picture) then v_picture end)
  on conflict (user_id) do nothing;

  insert into public.workspaces (name, kind, created_by)
  values (coalesce(v_name, 'Personal workspace'), 'personal', p_user_id)
  on conflict (created_by) where kind = 'personal' do nothing;

  insert into public.workspace_members (workspace_id, user_id, role)
  select workspace.id, p_user_id, 'owner'
  from public.workspaces as workspace
  where workspace.created_by = p_user_id and workspace.kind = 'personal'
  on conflict (workspace_id, user_id) do nothing;
end;
$$;

comment on function app.create_profile(uuid, jsonb, text) is
  'Makes what is missing of a user''s profile, personal workspace and ownership of it; changes nothing that is there, '
  'also when two requests do it at once. Internal: checks no rights, granted to nobody.';

revoke execute on function app.create_profile(uuid, jsonb, text) from public, anon, authenticated, service_role;

create function app.ensure_profile()
returns public.profiles
language plpgsql volatile security definer set search_path = ''
as $$
declare
  v_user_id uuid := app.require_user();
  v_claims jsonb := app.claims();
  v_profile public.profiles;
begin
  perform app.create_profile(v_user_id, v_claims || coalesce(v_claims -> 'user_metadata', '{}'), v_claims ->> 'email');
  select profile.* into v_profile from public.profiles as profile where profile.user_id = v_user_id;
  return v_profile;
end;
$$;

comment on function app.ensure_profile() is
  'The caller''s profile, made with a personal workspace when missing: for users of a third-party issuer, whom no trigger '
  'sees, and after a sign-up whose trigger failed.';

revoke execute on function app.ensure_profile() from public, anon, authenticated, service_role;
grant execute on function app.ensure_profile() to authenticated;

create function public.ensure_profile()
returns public.profiles
language sql volatile security invoker set search_path = ''
as $$
  select * from app.ensure_profile();
$$;

comment on function public.ensure_profile() is
  'Your profile, made with a personal workspace when missing. Call it once after each sign-in; repeating it is harmless.';

revoke execute on function public.ensure_profile() from public, anon, authenticated, service_role;
grant execute on function public.ensure_profile() to authenticated;

------------------------------------------------------------------------------------------------
-- sign-up
------------------------------------------------------------------------------------------------
create function app.on_auth_user_created()
returns trigger
language plpgsql volatile security definer set search_path = '' set lock_timeout = '2s'
as $$
declare
  v_row jsonb := to_jsonb(new);
begin
  perform app.create_profile(new.id, coalesce(v_row -> 'raw_user_meta_data', '{}'), v_row ->> 'email');
  return new;
exception when others then
  raise warning 'No profile for new user %, ensure_profile will make it: % (%)', new.id, sqlerrm, sqlstate;
  return new;
end;
$$;

comment on function app.on_auth_user_created() is
  'Trigger on auth.users: profile and personal workspace. SECURITY DEFINER since Auth''s role has no rights here; any '
  'error becomes a warning, since a sign-up must not fail for it.';

revoke execute on function app.on_auth_user_created() from public, anon, authenticated, service_role;

create trigger lamina_user_created after insert on auth.users
  for each row execute function app.on_auth_user_created();
