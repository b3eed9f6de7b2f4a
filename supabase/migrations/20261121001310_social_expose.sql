-- Purpose:  a manager writes to a member; social accounts and figures as clients call them.
-- Risk:     a kind of notification more.
-- Way back: drop the functions of this file; delete the kind message and its notifications.
set local lock_timeout = '5s';

insert into app.notification_kinds (kind, is_optional, description) values ('message', true, 'A manager of a workspace writes to you.');

------------------------------------------------------------------------------------------------
-- Notify a member
------------------------------------------------------------------------------------------------
create function app.member_notice(p_workspace_id uuid, p_kind text, p_text text) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  v_ends_at timestamptz;
begin
  if p_kind is null or p_kind not in ('welcome', 'renewal', 'message') then
    perform app.fail(400, 'notification.unknown_kind', 'A manager cannot send this.', 'Kinds are welcome, renewal and message.');
  elsif (p_kind = 'message') is distinct from (p_text is not null) then
    perform app.fail(400, 'notification.bad_text', 'A message has a text, the other kinds have none.');
  elsif p_kind = 'message' then
    if length(btrim(p_text)) not between 1 and 300 then
      perform app.fail(400, 'notification.bad_text', 'A message has 1 to 300 characters.');
    end if;
    return jsonb_build_object(
      'by', (select p.display_name from public.profiles as p where p.user_id = app.user_id()), 'text', btrim(p_text));
  elsif p_kind = 'renewal' then
    select min(s.current_period_end) into v_ends_at from public.subscriptions as s
    where s.workspace_id = p_workspace_id and s.status in ('trialing', 'active', 'past_due')
      and s.current_period_end > now() and not s.cancel_at_period_end;
    if v_ends_at is null then
      perform app.fail(409, 'notification.no_renewal', 'No subscription of this workspace is about to renew.');
    end if;
    return jsonb_build_object('ends_at', v_ends_at);
  end if;
  return '{}';
end;
$$;

comment on function app.member_notice(uuid, text, text) is 'What a notice says: facts come from our rows, only a message has words of the caller''s. Internal.';

create function app.notify_member(p_workspace_id uuid, p_user_id uuid, p_kind text, p_text text, p_idempotency_key text) returns uuid
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_data jsonb;
  v_key text := format('by-manager:%s:%s:%s:', p_workspace_id, p_user_id, app.user_id());
  v_id uuid;
begin
  perform app.require_permission(p_workspace_id, 'members.manage');
  if length(p_idempotency_key) not between 1 and 100 then
    perform app.fail(400, 'notification.bad_idempotency_key', 'An idempotency key has 1 to 100 characters.');
  elsif not exists (select from public.workspace_members as m where m.workspace_id = p_workspace_id and m.user_id = p_user_id) then
    perform app.fail(404, 'member.not_found', 'This user is not a member of the workspace.');
  end if;
  v_data := app.member_notice(p_workspace_id, p_kind, p_text);
  perform app.lock_ordering_key('by-manager:' || p_workspace_id);
  select n.id into v_id from public.notifications as n where n.dedupe_key = v_key || p_idempotency_key;
  if found then
    perform from public.notifications as n
    where n.id = v_id and n.kind = p_kind and n.data ->> 'text' is not distinct from v_data ->> 'text';
    if not found then
      perform app.fail(409, 'notification.idempotency_conflict', 'This idempotency key was used for another notification.');
    end if;
    return v_id;
  end if;
  if (select count(*) from public.notifications as n
      where n.workspace_id = p_workspace_id and n.dedupe_key like 'by-manager:%' and n.created_at > now() - interval '1 day') >= 100 then
    perform app.fail(429, 'notification.too_many', 'This workspace has sent its members 100 notifications within a day.', 'Wait until tomorrow.');
  end if;
  return app.notify(p_kind, p_user_id, p_workspace_id, null, v_key || coalesce(p_idempotency_key, gen_random_uuid()::text), v_data);
end;
$$;

comment on function app.notify_member(uuid, uuid, text, text, text) is 'Behind public.notify_member.';

create function public.notify_member(
  p_workspace_id uuid, p_user_id uuid, p_kind text, p_text text default null, p_idempotency_key text default null
) returns uuid
language sql volatile security invoker set search_path = ''
begin atomic
  select app.notify_member(p_workspace_id, p_user_id, p_kind, p_text, p_idempotency_key);
end;

comment on function public.notify_member(uuid, uuid, text, text, text) is
  'A manager tells a member something, in the app and by e-mail: welcome, renewal (when the subscription renews), message (1 to 300 characters). Returns the notification''s id. Errors: notification.unknown_kind, notification.bad_text, notification.no_renewal, notification.bad_idempotency_key, notification.idempotency_conflict, notification.too_many, member.not_found, workspace.forbidden.';

------------------------------------------------------------------------------------------------
-- Social
------------------------------------------------------------------------------------------------
create function public.add_social_account(
  p_workspace_id uuid, p_platform text, p_kind text, p_subject text, p_is_public boolean default false,
  p_token text default null, p_expires_at timestamptz default null, p_scopes text[] default null
) returns public.social_accounts
language sql volatile security invoker set search_path = ''
begin atomic
  select * from app.add_social_account(p_workspace_id, p_platform, p_kind, p_subject, p_is_public, p_token, p_expires_at, p_scopes);
end;

comment on function public.add_social_account(uuid, text, text, text, boolean, text, timestamptz, text[]) is
  'Watches a GitHub user or repo, an X user or post, a LinkedIn organization, post or member; its figures come within seconds. Errors: social.unknown_kind, social.bad_subject, social.exists, social.too_many, social.bad_token, social.token_expired, social.bad_scopes, workspace.forbidden, auth.second_factor_required.';

create function public.set_social_token(
  p_account_id uuid, p_token text, p_expires_at timestamptz default null, p_scopes text[] default null
) returns public.social_accounts
language sql volatile security invoker set search_path = ''
begin atomic
  select * from app.set_social_token(p_account_id, p_token, p_expires_at, p_scopes);
end;

comment on function public.set_social_token(uuid, text, timestamptz, text[]) is
  'Sets an account''s own token, which nobody reads back; null takes it away. A broken account works again. Errors: social.not_found, social.bad_token, social.token_expired, social.bad_scopes, workspace.forbidden, auth.second_factor_required.';

create function public.update_social_account(p_account_id uuid, p_is_public boolean default null, p_is_enabled boolean default null)
returns public.social_accounts
language sql volatile security invoker set search_path = ''
begin atomic
  select * from app.update_social_account(p_account_id, p_is_public, p_is_enabled);
end;

comment on function public.update_social_account(uuid, boolean, boolean) is
  'Shows the figures to everybody or not, under the username of the workspace''s public portfolio or of whose personal workspace it is; stops or resumes watching; null leaves as it is. Errors: social.not_found, workspace.forbidden.';

create function public.set_social_project(p_account_id uuid, p_project_id uuid default null) returns public.social_accounts
language sql volatile security invoker set search_path = ''
begin atomic
  select * from app.set_social_project(p_account_id, p_project_id);
end;

comment on function public.set_social_project(uuid, uuid) is
  'Says which work of the portfolio an account belongs to; null takes it away. Errors: social.not_found, project.not_found, workspace.forbidden.';

create function public.delete_social_account(p_account_id uuid) returns void
language sql volatile security invoker set search_path = ''
begin atomic
  select app.delete_social_account(p_account_id);
end;

comment on function public.delete_social_account(uuid) is
  'Forgets an account with its token and figures. Errors: social.not_found, workspace.forbidden.';

create function public.set_social_budget(p_workspace_id uuid, p_limit_microusd bigint) returns void
language sql volatile security invoker set search_path = ''
begin atomic
  select app.set_social_budget(p_workspace_id, p_limit_microusd);
end;

comment on function public.set_social_budget(uuid, bigint) is
  'What reading X may cost a month, in millionths of a US dollar, at most 2000000. Errors: social.bad_budget, workspace.forbidden.';

create function public.get_social_metrics(p_workspace_id uuid default null, p_username text default null)
returns table (
  account_id uuid, platform text, kind text, subject text, is_public boolean, account_status text,
  status text, day date, taken_at timestamptz, is_stale boolean, source text, metrics jsonb, error_code text, error_message text,
  project_id uuid)
language sql volatile security invoker set search_path = ''
begin atomic
  select * from app.get_social_metrics(p_workspace_id, p_username);
end;

comment on function public.get_social_metrics(uuid, text) is
  'Latest figures of a workspace''s accounts, or, for everybody, the public ones of the workspace whose public portfolio is at a username, without one of that user''s personal workspace. project_id names the work they belong to, to strangers once it is published. What is older than 24 hours is given with is_stale and fetched anew: hear social.snapshot on workspace:<id>. Errors: social.bad_request, workspace.not_found, workspace.forbidden.';

revoke execute on function app.member_notice(uuid, text, text) from public, anon, authenticated, service_role;
revoke execute on function app.notify_member(uuid, uuid, text, text, text) from public, anon, authenticated, service_role;
revoke execute on function public.notify_member(uuid, uuid, text, text, text) from public, anon, authenticated, service_role;
revoke execute on function public.add_social_account(uuid, text, text, text, boolean, text, timestamptz, text[])
  from public, anon, authenticated, service_role;
revoke execute on function public.set_social_token(uuid, text, timestamptz, text[]) from public, anon, authenticated, service_role;
revoke execute on function public.update_social_account(uuid, boolean, boolean) from public, anon, authenticated, service_role;
revoke execute on function public.set_social_project(uuid, uuid) from public, anon, authenticated, service_role;
revoke execute on function public.delete_social_account(uuid) from public, anon, authenticated, service_role;
revoke execute on function public.set_social_budget(uuid, bigint) from public, anon, authenticated, service_role;
revoke execute on function public.get_social_metrics(uuid, text) from public, anon, authenticated, service_role;
grant execute on function app.notify_member(uuid, uuid, text, text, text) to authenticated;
grant execute on function public.notify_member(uuid, uuid, text, text, text) to authenticated;
grant execute on function public.add_social_account(uuid, text, text, text, boolean, text, timestamptz, text[]) to authenticated;
grant execute on function public.set_social_token(uuid, text, timestamptz, text[]) to authenticated;
grant execute on function public.update_social_account(uuid, boolean, boolean) to authenticated;
grant execute on function public.set_social_project(uuid, uuid) to authenticated;
grant execute on function public.delete_social_account(uuid) to authenticated;
grant execute on function public.set_social_budget(uuid, bigint) to authenticated;
grant execute on function public.get_social_metrics(uuid, text) to anon, authenticated;
