-- Purpose:  accounts to watch: add, set the token, change, delete; the budget, and the share of what the installation pays.
-- Risk:     none, new functions only.
-- Way back: drop the functions of this file.
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- Parts
------------------------------------------------------------------------------------------------
create function app.social_subject(p_platform text, p_kind text, p_subject text) returns text
language plpgsql immutable set search_path = '' as $$
declare
  v_form text := case p_platform || ' ' || p_kind
    when 'github user' then '^[A-Za-z0-9][A-Za-z0-9-]{0,38}$'
    when 'github repo' then '^[A-Za-z0-9][A-Za-z0-9-]{0,38}/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}$'
    when 'x user' then '^[A-Za-z0-9_]{1,15}$'
    when 'x post' then '^[0-9]{1,19}$'
    when 'linkedin organization' then '^urn:li:organization:[0-9]{1,19}$'
    when 'linkedin post' then '^urn:li:(share|ugcPost|activity):[0-9]{1,19}$'
    when 'linkedin member' then '^urn:li:person:[A-Za-z0-9_-]{1,64}$'
  end;
  v_subject text := case p_platform when 'linkedin' then btrim(p_subject) else ltrim(btrim(p_subject), '@') end;
begin
  if v_form is null then
    perform app.fail(400, 'social.unknown_kind', 'This cannot be watched.',
      'github: user, repo; x: user, post; linkedin: organization, post, member.');
  elsif (v_subject ~ v_form) is not true then
    perform app.fail(400, 'social.bad_subject', format('This is not the name of a %s on %s.', p_kind, p_platform),
      'For example octocat, octocat/hello-world, a post''s number, urn:li:organization:1234.');
  end if;
  return v_subject;
end;
$$;

comment on function app.social_subject(text, text, text) is 'The name as the platform''s API takes it, or 400: nothing else ever reaches an address. Internal.';

create function app.check_social_token(p_token text, p_expires_at timestamptz, p_scopes text[]) returns text
language plpgsql stable set search_path = '' as $$
begin
  if (btrim(p_token) ~ '^[!-~]+$' and length(btrim(p_token)) between 16 and 4000) is not true then
    perform app.fail(400, 'social.bad_token', 'This is no access token.', 'Send the token alone, 16 characters or more, without "Bearer".');
  elsif p_expires_at <= now() then
    perform app.fail(400, 'social.token_expired', 'This token has expired.', 'Get a new one from the platform.');
  elsif cardinality(p_scopes) > 50
    or exists (select from unnest(p_scopes) as s where (s ~ '^[A-Za-z0-9_.:-]{1,100}$') is not true) then
    perform app.fail(400, 'social.bad_scopes', 'Scopes are at most 50 words, as the platform gave them.');
  end if;
  return btrim(p_token);
end;
$$;

comment on function app.check_social_token(text, timestamptz, text[]) is 'A token that a header can carry and that has not ended, or 400. Internal.';

create function app.lock_social_account(p_account_id uuid) returns public.social_accounts
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_account public.social_accounts;
begin
  perform app.require_user();
  select * into v_account from public.social_accounts as a
  where a.id = p_account_id and a.workspace_id = any (array(select app.workspaces_with('social.read')))
  for no key update;
  if not found then
    perform app.fail(404, 'social.not_found', 'There is no such account.');
  end if;
  perform app.require_permission(v_account.workspace_id, 'social.write');
  return v_account;
end;
$$;

comment on function app.lock_social_account(uuid) is 'The account, locked, if the caller may change it. Internal.';

create function app.enqueue_social_refresh(p_account public.social_accounts) returns bigint
language sql volatile security definer set search_path = ''
begin atomic
  select app.enqueue('social.refresh_account', (p_account).workspace_id, (p_account).id,
    p_dedupe_key => 'social:' || (p_account).id,
    p_ordering_key => pg_catalog.format('social:%s:%s', (p_account).platform,
      case when (p_account).token_last4 is null then (p_account).workspace_id else (p_account).id end));
end;

comment on function app.enqueue_social_refresh(public.social_accounts) is
  'Asks the platform soon; what waits already is joined. Those of a workspace that share a token go one after another; no workspace waits behind all of another''s. Internal.';

------------------------------------------------------------------------------------------------
-- Add, change, delete
------------------------------------------------------------------------------------------------
create function app.add_social_account(
  p_workspace_id uuid, p_platform text, p_kind text, p_subject text, p_is_public boolean,
  p_token text, p_expires_at timestamptz, p_scopes text[]
) returns public.social_accounts
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_account public.social_accounts;
  v_subject text;
begin
  perform app.require_permission(p_workspace_id, 'social.write');
  v_subject := app.social_subject(p_platform, p_kind, p_subject);
  perform app.lock_ordering_key('social-accounts:' || p_workspace_id);
  if exists (
    select from public.social_accounts as a
    where a.workspace_id = p_workspace_id and (a.platform, a.kind, lower(a.subject)) = (p_platform, p_kind, lower(v_subject))
  ) then
    perform app.fail(409, 'social.exists', 'This account is watched already.');
  elsif (select count(*) from public.social_accounts as a where a.workspace_id = p_workspace_id) >= 50 then
    perform app.fail(409, 'social.too_many', 'A workspace watches at most 50 accounts.', 'Delete one first.');
  end if;
  insert into public.social_accounts (workspace_id, platform, kind, subject, is_public, created_by)
  values (p_workspace_id, p_platform, p_kind, v_subject, coalesce(p_is_public, false), app.user_id())
  returning * into v_account;
  perform app.audit(p_workspace_id, 'social.account_added', v_account.id::text,
    jsonb_build_object('platform', p_platform, 'kind', p_kind, 'subject', v_subject));
  if p_token is null then
    perform app.enqueue_social_refresh(v_account);
    return v_account;
  end if;
  return app.set_social_token(v_account.id, p_token, p_expires_at, p_scopes);
end;
$$;

comment on function app.add_social_account(uuid, text, text, text, boolean, text, timestamptz, text[]) is 'Behind public.add_social_account.';

create function app.set_social_token(p_account_id uuid, p_token text, p_expires_at timestamptz, p_scopes text[])
returns public.social_accounts
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_account public.social_accounts := app.lock_social_account(p_account_id);
  v_token text;
begin
  perform app.require_second_factor();
  if p_token is null then
    delete from app.social_secrets as s where s.account_id = p_account_id;
  else
    v_token := app.check_social_token(p_token, p_expires_at, p_scopes);
    insert into app.social_secrets as s (account_id, token) values (p_account_id, v_token)
    on conflict (account_id) do update set token = excluded.token;
  end if;
  update public.social_accounts as a
  set token_last4 = right(v_token, 4), scopes = case when v_token is null then '{}' else coalesce(p_scopes, '{}') end,
    expires_at = case when v_token is not null then p_expires_at end,
    status = case a.status when 'broken' then 'active' else a.status end,
    error_code = null, error_message = null, etag = null, failures = 0, next_try_at = now(), revision = a.revision + 1
  where a.id = p_account_id
  returning * into v_account;
  perform app.audit(v_account.workspace_id, 'social.token_set', p_account_id::text,
    jsonb_build_object('last4', v_account.token_last4, 'expires_at', v_account.expires_at));
  if v_account.status = 'active' then
    perform app.enqueue_social_refresh(v_account);
  end if;
  return v_account;
end;
$$;

comment on function app.set_social_token(uuid, text, timestamptz, text[]) is 'Behind public.set_social_token.';

create function app.update_social_account(p_account_id uuid, p_is_public boolean, p_is_enabled boolean)
returns public.social_accounts
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_account public.social_accounts := app.lock_social_account(p_account_id);
  v_status text := case when p_is_enabled then 'active' when not p_is_enabled then 'disabled' else v_account.status end;
begin
  update public.social_accounts as a
  set is_public = coalesce(p_is_public, a.is_public), status = v_status,
    revision = a.revision + case when v_status = a.status then 0 else 1 end,
    next_try_at = case when v_status = 'active' and a.status <> 'active' then greatest(a.next_try_at, now()) else a.next_try_at end,
    failures = case when v_status = a.status then a.failures else 0 end
  where a.id = p_account_id
  returning * into v_account;
  if p_is_public is not null then
    perform app.audit(v_account.workspace_id, 'social.publicity_set', p_account_id::text, jsonb_build_object('is_public', p_is_public));
  end if;
  if v_account.status = 'active' and v_account.next_try_at <= now() then
    perform app.enqueue_social_refresh(v_account);
  end if;
  return v_account;
end;
$$;

comment on function app.update_social_account(uuid, boolean, boolean) is 'Behind public.update_social_account.';

create function app.set_social_project(p_account_id uuid, p_project_id uuid) returns public.social_accounts
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_account public.social_accounts := app.lock_social_account(p_account_id);
begin
  perform from public.projects as p where p.id = p_project_id and p.workspace_id = v_account.workspace_id for key share;
  if p_project_id is not null and not found then
    perform app.fail(404, 'project.not_found', 'This workspace has no such project.');
  end if;
  update public.social_accounts as a set project_id = p_project_id where a.id = p_account_id returning * into v_account;
  perform app.audit(v_account.workspace_id, 'social.project_set', p_account_id::text, jsonb_build_object('project_id', p_project_id));
  return v_account;
end;
$$;

comment on function app.set_social_project(uuid, uuid) is 'Behind public.set_social_project.';

create function app.delete_social_account(p_account_id uuid) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_account public.social_accounts := app.lock_social_account(p_account_id);
begin
  perform app.audit(v_account.workspace_id, 'social.account_deleted', p_account_id::text,
    jsonb_build_object('platform', v_account.platform, 'subject', v_account.subject));
  perform app.stop_job(j.id) from public.jobs as j where j.subject_id = p_account_id and j.gate <> 'closed';
  delete from public.social_accounts as a where a.id = p_account_id;
end;
$$;

comment on function app.delete_social_account(uuid) is 'Behind public.delete_social_account.';

------------------------------------------------------------------------------------------------
-- The budget
------------------------------------------------------------------------------------------------
create function app.social_limit(p_workspace_id uuid) returns bigint
language sql stable set search_path = ''
begin atomic
  select coalesce((select b.limit_microusd from public.social_budgets as b where b.workspace_id = p_workspace_id), 350000);
end;

comment on function app.social_limit(uuid) is 'What reading X may cost a workspace in a month, in millionths of a US dollar. Internal.';

create function app.social_share(p_account public.social_accounts, p_cost_microusd bigint, p_patience float8) returns text
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_is_paid boolean := app.has_entitlement(p_account.workspace_id, 'social.paid');
  v_whose uuid := p_account.workspace_id;
begin
  if p_account.token_last4 is not null then
    return 'go';
  elsif p_cost_microusd > 0 and not v_is_paid then
    return 'not_entitled';
  elsif not v_is_paid then
    v_whose := (select coalesce(w.created_by, w.id) from public.workspaces as w where w.id = v_whose);
  end if;
  return case when app.take_tokens('social:' || v_whose, 100 / 86400.0, 100, 1, p_patience) > 0 then 'too_often' else 'go' end;
end;
$$;

comment on function app.social_share(public.social_accounts, bigint, float8) is
  'May a workspace read with what is the installation''s? go, not_entitled (X costs money), too_often: 100 reads a day, which all workspaces somebody made on plan free share. Takes one of them, with a patience below 0 none. Internal.';

create function app.set_social_budget(p_workspace_id uuid, p_limit_microusd bigint) returns void
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform app.require_permission(p_workspace_id, 'billing.manage');
  if p_limit_microusd between 0 and 2000000 is not true then
    perform app.fail(400, 'social.bad_budget', 'A budget is 0 to 2,000,000 millionths of a US dollar a month.');
  end if;
  insert into public.social_budgets as b (workspace_id, limit_microusd) values (p_workspace_id, p_limit_microusd)
  on conflict (workspace_id) do update set limit_microusd = excluded.limit_microusd, updated_at = now();
  update public.social_accounts as a set next_try_at = now()
  where a.workspace_id = p_workspace_id and a.error_code = 'social.budget_spent' and a.next_try_at > now();
  perform app.audit(p_workspace_id, 'social.budget_set', null, jsonb_build_object('limit_microusd', p_limit_microusd));
end;
$$;

comment on function app.set_social_budget(uuid, bigint) is 'Behind public.set_social_budget.';

revoke execute on function app.social_subject(text, text, text) from public, anon, authenticated, service_role;
revoke execute on function app.check_social_token(text, timestamptz, text[]) from public, anon, authenticated, service_role;
revoke execute on function app.lock_social_account(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.enqueue_social_refresh(public.social_accounts) from public, anon, authenticated, service_role;
revoke execute on function app.add_social_account(uuid, text, text, text, boolean, text, timestamptz, text[])
  from public, anon, authenticated, service_role;
revoke execute on function app.set_social_token(uuid, text, timestamptz, text[]) from public, anon, authenticated, service_role;
revoke execute on function app.update_social_account(uuid, boolean, boolean) from public, anon, authenticated, service_role;
revoke execute on function app.set_social_project(uuid, uuid) from public, anon, authenticated, service_role;
revoke execute on function app.delete_social_account(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.social_limit(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.social_share(public.social_accounts, bigint, float8) from public, anon, authenticated, service_role;
revoke execute on function app.set_social_budget(uuid, bigint) from public, anon, authenticated, service_role;
grant execute on function app.add_social_account(uuid, text, text, text, boolean, text, timestamptz, text[]) to authenticated;
grant execute on function app.set_social_token(uuid, text, timestamptz, text[]) to authenticated;
grant execute on function app.update_social_account(uuid, boolean, boolean) to authenticated;
grant execute on function app.set_social_project(uuid, uuid) to authenticated;
grant execute on function app.delete_social_account(uuid) to authenticated;
grant execute on function app.set_social_budget(uuid, bigint) to authenticated;
