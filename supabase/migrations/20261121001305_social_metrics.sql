-- Purpose:  figures: read by people at once, old ones while new ones are fetched; fetched by the worker once a day, within a budget.
-- Risk:     none, new functions only.
-- Way back: drop the functions of this file.
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- Read
------------------------------------------------------------------------------------------------
create function app.social_figures(p_snapshot public.social_snapshots) returns jsonb
language sql immutable set search_path = ''
return case when (p_snapshot).account_id is not null then jsonb_build_object(
  'followers', (p_snapshot).followers, 'following', (p_snapshot).following, 'repositories', (p_snapshot).repositories,
  'posts', (p_snapshot).posts, 'listed', (p_snapshot).listed, 'stars', (p_snapshot).stars, 'forks', (p_snapshot).forks,
  'watchers', (p_snapshot).watchers, 'likes', (p_snapshot).likes, 'comments', (p_snapshot).comments,
  'reposts', (p_snapshot).reposts, 'quotes', (p_snapshot).quotes, 'bookmarks', (p_snapshot).bookmarks,
  'impressions', (p_snapshot).impressions) end;

comment on function app.social_figures(public.social_snapshots) is 'The figures of a snapshot by name, unknown ones as null. Internal.';

create function app.latest_social_snapshot(p_account_id uuid) returns public.social_snapshots
language sql stable set search_path = ''
begin atomic
  select s.* from public.social_snapshots as s
  where s.account_id = p_account_id and s.status = 'ok'
  order by s.day desc limit 1;
end;

comment on function app.latest_social_snapshot(uuid) is 'The last one with figures; null without. Internal.';

create function app.social_workspace(p_workspace_id uuid, p_username text) returns uuid
language plpgsql stable security definer set search_path = '' as $$
begin
  if (p_workspace_id is null) = (p_username is null) then
    perform app.fail(400, 'social.bad_request', 'Name either a workspace or a username.');
  elsif p_workspace_id is not null then
    perform app.require_permission(p_workspace_id, 'social.read');
    return p_workspace_id;
  end if;
  return coalesce(
    (select f.workspace_id from public.portfolios as f where f.public_username = lower(p_username)),
    (select w.id from public.profiles as p
     join public.workspaces as w on w.created_by = p.user_id and w.kind = 'personal'
     where lower(p.username) = lower(p_username)));
end;
$$;

comment on function app.social_workspace(uuid, text) is
  'Whose figures are asked for: a workspace of the caller''s; or that of the public portfolio at a username, without one the personal one behind it; null for an unknown name. Internal.';

create function app.get_social_metrics(p_workspace_id uuid, p_username text)
returns table (
  account_id uuid, platform text, kind text, subject text, is_public boolean, account_status text,
  status text, day date, taken_at timestamptz, is_stale boolean, source text, metrics jsonb, error_code text, error_message text,
  project_id uuid)
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_workspace_id uuid := app.social_workspace(p_workspace_id, p_username);
  v_is_member boolean := p_workspace_id is not null;
begin
  perform app.enqueue_social_refresh(a)
  from public.social_accounts as a
  cross join lateral app.latest_social_snapshot(a.id) as s
  where a.workspace_id = v_workspace_id and (a.is_public or v_is_member)
    and a.status = 'active' and a.next_try_at <= now()
    and (s.taken_at is null or s.taken_at <= now() - interval '24 hours');
  return query
  select a.id, a.platform, a.kind, a.subject, a.is_public, a.status,
    case when s.account_id is not null then 'ok' when a.error_code is not null then 'unavailable' else 'pending' end,
    s.day, s.taken_at, coalesce(s.taken_at <= now() - interval '24 hours', true), s.source, app.social_figures(s),
    case when v_is_member then a.error_code end, case when v_is_member then a.error_message end, p.id
  from public.social_accounts as a
  cross join lateral app.latest_social_snapshot(a.id) as s
  left join public.projects as p on p.id = a.project_id and (p.status = 'published' or v_is_member)
  where a.workspace_id = v_workspace_id and (a.is_public or v_is_member)
  order by a.platform, a.kind, a.subject, a.id;
end;
$$;

comment on function app.get_social_metrics(uuid, text) is
  'Behind public.get_social_metrics. An old answer is given at once and a new one asked for, at most once an account however many ask.';

------------------------------------------------------------------------------------------------
-- For the worker
------------------------------------------------------------------------------------------------
create function app.admit_social_refresh(p_account_id uuid, p_cost_microusd bigint) returns text
language sql volatile security definer set search_path = ''
begin atomic
  select app.social_share(a, p_cost_microusd, -1) from public.social_accounts as a where a.id = p_account_id;
end;

comment on function app.admit_social_refresh(uuid, bigint) is
  'Before the platform''s pace is asked for: go, not_entitled or too_often; null when it is gone. Whoever may not read uses up nobody''s pace.';

create function app.begin_social_refresh(p_account_id uuid, p_revision int, p_cost_microusd bigint) returns text
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_account public.social_accounts;
  v_verdict text;
  v_today date := (now() at time zone 'utc')::date;
  v_month date := date_trunc('month', now() at time zone 'utc')::date;
begin
  select * into v_account from public.social_accounts as a
  where a.id = p_account_id and a.revision = p_revision and a.status = 'active'
  for no key update;
  if not found then
    return 'gone';
  elsif p_cost_microusd > 0 and v_account.read_on = v_today then
    return 'read_today';
  end if;
  v_verdict := app.social_share(v_account, p_cost_microusd, 0);
  if v_verdict <> 'go' or p_cost_microusd = 0 then
    return v_verdict;
  end if;
  insert into public.social_spending (workspace_id, month, made_by, spent_microusd)
  select w.id, v_month, w.created_by, 0 from public.workspaces as w where w.id = v_account.workspace_id
  on conflict (workspace_id, month) do nothing;
  update public.social_spending as s set spent_microusd = s.spent_microusd + p_cost_microusd
  where s.workspace_id = v_account.workspace_id and s.month = v_month
    and s.spent_microusd + p_cost_microusd + coalesce((
      select sum(d.spent_microusd) from public.social_spending as d
      where d.made_by = s.made_by and d.month = v_month
        and not exists (select from public.workspaces as w where w.id = d.workspace_id)), 0) <= app.social_limit(s.workspace_id);
  if not found then
    return 'over_budget';
  end if;
  update public.social_accounts as a set read_on = v_today where a.id = p_account_id;
  return 'go';
end;
$$;

comment on function app.begin_social_refresh(uuid, int, bigint) is
  'Committed before a platform is asked: go, gone, not_entitled, too_often, read_today (a paid read is made once a UTC day, also when its worker died) or over_budget, to which what deleted workspaces of the same maker spent counts.';

create function app.return_social_cost(p_account_id uuid, p_cost_microusd bigint) returns void
language sql volatile security definer set search_path = ''
begin atomic
  with read as (
    select a.workspace_id, a.read_on from public.social_accounts as a where a.id = p_account_id and a.read_on is not null for no key update
  ),
  back as (
    update public.social_spending as s set spent_microusd = greatest(0, s.spent_microusd - p_cost_microusd)
    from read
    where s.workspace_id = read.workspace_id and s.month = pg_catalog.date_trunc('month', read.read_on)::date
  )
  update public.social_accounts as a set read_on = null from read where a.id = p_account_id;
end;

comment on function app.return_social_cost(uuid, bigint) is 'The platform refused and charged nothing: the read may be made again today.';

create function app.social_refreshed(
  p_account_id uuid, p_revision int, p_source text, p_metrics jsonb, p_etag text, p_next_try_at timestamptz
) returns boolean
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_account public.social_accounts;
  v_said public.social_snapshots;
begin
  update public.social_accounts as a
  set etag = p_etag, failures = 0, error_code = null, error_message = null, next_try_at = p_next_try_at
  where a.id = p_account_id and a.revision = p_revision
  returning * into v_account;
  if not found then
    return false;
  end if;
  v_said := jsonb_populate_record(
    null::public.social_snapshots, coalesce(p_metrics, app.social_figures(app.latest_social_snapshot(p_account_id))));
  v_said.account_id := p_account_id;
  v_said.day := (now() at time zone 'utc')::date;
  v_said.workspace_id := v_account.workspace_id;
  v_said.platform := v_account.platform;
  v_said.status := 'ok';
  v_said.source := p_source;
  v_said.error_code := null;
  v_said.error_message := null;
  v_said.taken_at := now();
  delete from public.social_snapshots as s where s.account_id = p_account_id and s.day = v_said.day;
  insert into public.social_snapshots select v_said.*;
  return true;
end;
$$;

comment on function app.social_refreshed(uuid, int, text, jsonb, text, timestamptz) is
  'Writes today''s figures; null metrics mean that nothing changed since the last ones. False when the account changed meanwhile.';

create function app.social_failed(
  p_account_id uuid, p_revision int, p_source text, p_code text, p_message text, p_is_broken boolean, p_failures int, p_next_try_at timestamptz
) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_account public.social_accounts;
begin
  update public.social_accounts as a
  set error_code = p_code, error_message = p_message, failures = p_failures, next_try_at = p_next_try_at,
    status = case when p_is_broken then 'broken' else a.status end,
    revision = a.revision + case when p_is_broken then 1 else 0 end
  where a.id = p_account_id and a.revision = p_revision
  returning * into v_account;
  if found then
    insert into public.social_snapshots as s (account_id, day, workspace_id, platform, status, source, error_code, error_message)
    values (p_account_id, (now() at time zone 'utc')::date, v_account.workspace_id, v_account.platform, 'unavailable', p_source,
      p_code, p_message)
    on conflict (account_id, day) do update
      set error_code = excluded.error_code, error_message = excluded.error_message, taken_at = excluded.taken_at
      where s.status = 'unavailable';
  end if;
end;
$$;

comment on function app.social_failed(uuid, int, text, text, text, boolean, int, timestamptz) is
  'Notes why nothing came and when to try again. The day is unavailable, unless it has figures already; no figure becomes 0.';

create function app.postpone_social(p_account_id uuid, p_revision int, p_next_try_at timestamptz) returns void
language sql volatile security definer set search_path = ''
begin atomic
  update public.social_accounts as a set next_try_at = p_next_try_at where a.id = p_account_id and a.revision = p_revision;
end;

comment on function app.postpone_social(uuid, int, timestamptz) is 'There is nothing to ask before: today''s paid read was made.';

create function app.sweep_social(p_limit int default 1000) returns bigint
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_count bigint;
begin
  perform app.tell_expiring_tokens();
  delete from public.social_spending as s
  where s.month <= date_trunc('month', now() at time zone 'utc') - interval '2 months'
    and not exists (select from public.workspaces as w where w.id = s.workspace_id);
  perform app.enqueue_social_refresh(d)
  from (
    select a.* from public.social_accounts as a
    where a.status = 'active' and a.next_try_at <= now()
    order by a.next_try_at limit p_limit
  ) as d;
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;

comment on function app.sweep_social(int) is 'What is due is asked for, and who must renew a token is told, what deleted workspaces spent is forgotten after two months; returns how many accounts were due.';

revoke execute on function app.social_figures(public.social_snapshots) from public, anon, authenticated, service_role;
revoke execute on function app.latest_social_snapshot(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.social_workspace(uuid, text) from public, anon, authenticated, service_role;
revoke execute on function app.get_social_metrics(uuid, text) from public, anon, authenticated, service_role;
revoke execute on function app.admit_social_refresh(uuid, bigint) from public, anon, authenticated, service_role;
revoke execute on function app.begin_social_refresh(uuid, int, bigint) from public, anon, authenticated, service_role;
revoke execute on function app.return_social_cost(uuid, bigint) from public, anon, authenticated, service_role;
revoke execute on function app.social_refreshed(uuid, int, text, jsonb, text, timestamptz) from public, anon, authenticated, service_role;
revoke execute on function app.social_failed(uuid, int, text, text, text, boolean, int, timestamptz)
  from public, anon, authenticated, service_role;
revoke execute on function app.postpone_social(uuid, int, timestamptz) from public, anon, authenticated, service_role;
revoke execute on function app.sweep_social(int) from public, anon, authenticated, service_role;
grant execute on function app.get_social_metrics(uuid, text) to anon, authenticated;
grant execute on function app.admit_social_refresh(uuid, bigint) to lamina_worker;
grant execute on function app.begin_social_refresh(uuid, int, bigint) to lamina_worker;
grant execute on function app.return_social_cost(uuid, bigint) to lamina_worker;
grant execute on function app.social_refreshed(uuid, int, text, jsonb, text, timestamptz) to lamina_worker;
grant execute on function app.social_failed(uuid, int, text, text, text, boolean, int, timestamptz) to lamina_worker;
grant execute on function app.postpone_social(uuid, int, timestamptz) to lamina_worker;
grant execute on function app.sweep_social(int) to lamina_worker;
