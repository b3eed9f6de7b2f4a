-- Purpose:  dashboards are read, renewed while somebody looks, and told.
-- Risk:     row triggers on ten tables: an index probe for each change.
-- Way back: drop the functions of this file (cascade drops the triggers).
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- Who may look
------------------------------------------------------------------------------------------------
create function app.dashboard_permission(p_domain text) returns text
language sql immutable set search_path = '' as $$
  select case p_domain
    when 'sales' then 'sales.read' when 'service' then 'tickets.read' when 'marketing' then 'campaigns.read'
    when 'learning' then 'courses.write' when 'portfolio' then 'portfolio.write' end
$$;

comment on function app.dashboard_permission(text) is 'What a role needs to see a domain''s numbers; null: there is no such dashboard. Internal.';

------------------------------------------------------------------------------------------------
-- Adding up
------------------------------------------------------------------------------------------------
create function app.dashboard_numbers(p_workspace_id uuid, p_domain text) returns jsonb
language sql stable security definer set search_path = '' as $$
  select case p_domain
    when 'sales' then app.sales_numbers(p_workspace_id)
    when 'service' then app.service_numbers(p_workspace_id)
    when 'marketing' then app.marketing_numbers(p_workspace_id)
    when 'learning' then app.learning_numbers(p_workspace_id)
    when 'portfolio' then app.portfolio_numbers(p_workspace_id) end
$$;

comment on function app.dashboard_numbers(uuid, text) is 'Adds up now. Internal.';

create function app.refresh_dashboard(p_workspace_id uuid, p_domain text) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_numbers jsonb;
  v_before jsonb;
begin
  select d.numbers into v_before from public.dashboards as d
  where d.workspace_id = p_workspace_id and d.domain = p_domain for no key update;
  if not found then
    return;
  end if;
  v_numbers := app.dashboard_numbers(p_workspace_id, p_domain);
  update public.dashboards as d set numbers = v_numbers, computed_at = now()
  where d.workspace_id = p_workspace_id and d.domain = p_domain;
  if v_numbers is distinct from v_before then
    perform realtime.send(
      jsonb_build_object('domain', p_domain, 'computed_at', now()), 'dashboard.changed', 'workspace:' || p_workspace_id, true);
  end if;
end;
$$;

comment on function app.refresh_dashboard(uuid, text) is
  'Adds up anew. When a number is different, all members hear that it is, without the number: who may see it reads it.';

create function app.enqueue_dashboard(p_workspace_id uuid, p_domain text) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_at timestamptz := date_bin('2 seconds', clock_timestamp(), 'epoch') + interval '2 seconds';
  v_key text := format('dashboard:%s:%s:%s', p_workspace_id, p_domain, extract(epoch from v_at)::bigint);
begin
  -- Asked first, so that a busy workspace's writers meet at the unique index once in two seconds only.
  if not exists (select from public.jobs as j where j.dedupe_key = v_key and j.gate <> 'closed') then
    perform app.enqueue(
      'dashboards.refresh', p_workspace_id, p_args => jsonb_build_object('domain', p_domain), p_dedupe_key => v_key, p_run_at => v_at);
  end if;
end;
$$;

comment on function app.enqueue_dashboard(uuid, text) is
  'One job for all changes of two seconds, run at their end: none is missed by a job that has already added up. Internal.';

create function app.dashboard_changed() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_workspace_id uuid := case tg_op when 'DELETE' then old.workspace_id else new.workspace_id end;
begin
  if exists (select from public.dashboards as d
             where d.workspace_id = v_workspace_id and d.domain = tg_argv[0] and d.watched_until > now()) then
    perform app.enqueue_dashboard(v_workspace_id, tg_argv[0]);
  end if;
  return null;
end;
$$;

comment on function app.dashboard_changed() is 'Renews the numbers of the domain named by its argument, if somebody looks at them. Internal.';

------------------------------------------------------------------------------------------------
-- Looking
------------------------------------------------------------------------------------------------
create function app.dashboard(p_workspace_id uuid, p_domain text) returns public.dashboards
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_row public.dashboards;
begin
  if app.dashboard_permission(p_domain) is null then
    perform app.fail(400, 'dashboard.unknown', 'There is a dashboard of sales, service, marketing, learning and portfolio.');
  end if;
  perform app.require_permission(p_workspace_id, app.dashboard_permission(p_domain));
  update public.dashboards as d set watched_until = now() + interval '10 minutes'
  where d.workspace_id = p_workspace_id and d.domain = p_domain and d.watched_until < now() + interval '9 minutes';
  select * into v_row from public.dashboards as d where d.workspace_id = p_workspace_id and d.domain = p_domain;
  if not found then
    insert into public.dashboards as d (workspace_id, domain, numbers, watched_until)
    values (p_workspace_id, p_domain, app.dashboard_numbers(p_workspace_id, p_domain), now() + interval '10 minutes')
    on conflict (domain, workspace_id) do update set watched_until = excluded.watched_until
    returning * into v_row;
  elsif v_row.computed_at < now() - interval '1 minute' then
    perform app.enqueue_dashboard(p_workspace_id, p_domain);
  end if;
  return v_row;
end;
$$;

comment on function app.dashboard(uuid, text) is 'Behind public.dashboard.';

create function public.dashboard(p_workspace_id uuid, p_domain text) returns public.dashboards
language sql volatile security invoker set search_path = '' as $$
  select app.dashboard(p_workspace_id, p_domain)
$$;

comment on function public.dashboard(uuid, text) is
  'The numbers of a department, at once: as they were added up last. For ten minutes after a look each change renews them within seconds and is told as dashboard.changed on workspace:<id>; older than a minute, they are renewed behind the answer.';

------------------------------------------------------------------------------------------------
-- Rights, triggers, policy
------------------------------------------------------------------------------------------------
revoke execute on function app.dashboard_permission(text) from public, anon, authenticated, service_role;
revoke execute on function app.dashboard_numbers(uuid, text) from public, anon, authenticated, service_role;
revoke execute on function app.refresh_dashboard(uuid, text) from public, anon, authenticated, service_role;
revoke execute on function app.enqueue_dashboard(uuid, text) from public, anon, authenticated, service_role;
revoke execute on function app.dashboard_changed() from public, anon, authenticated, service_role;
revoke execute on function app.dashboard(uuid, text) from public, anon, authenticated, service_role;
revoke execute on function public.dashboard(uuid, text) from public, anon, authenticated, service_role;
grant execute on function app.refresh_dashboard(uuid, text) to lamina_worker;
grant execute on function app.dashboard(uuid, text) to authenticated;
grant execute on function public.dashboard(uuid, text) to authenticated;

create trigger dashboard_changed after insert or update or delete on public.leads
  for each row execute function app.dashboard_changed('sales');
comment on trigger dashboard_changed on public.leads is 'The numbers of sales follow while somebody looks.';
create trigger dashboard_changed after insert or update or delete on public.deals
  for each row execute function app.dashboard_changed('sales');
comment on trigger dashboard_changed on public.deals is 'The numbers of sales follow while somebody looks.';
create trigger dashboard_changed after insert or update or delete on public.tickets
  for each row execute function app.dashboard_changed('service');
comment on trigger dashboard_changed on public.tickets is 'The numbers of service follow while somebody looks.';
create trigger dashboard_changed after insert or update or delete on public.campaigns
  for each row execute function app.dashboard_changed('marketing');
comment on trigger dashboard_changed on public.campaigns is 'The numbers of marketing follow while somebody looks.';
create trigger dashboard_changed after insert or update or delete on public.campaign_stats
  for each row execute function app.dashboard_changed('marketing');
comment on trigger dashboard_changed on public.campaign_stats is 'The numbers of marketing follow while somebody looks.';
create trigger dashboard_changed after insert or update or delete on public.enrolments
  for each row execute function app.dashboard_changed('learning');
comment on trigger dashboard_changed on public.enrolments is 'The numbers of learning follow while somebody looks.';
create trigger dashboard_changed after insert or update or delete on public.lesson_progress
  for each row execute function app.dashboard_changed('learning');
comment on trigger dashboard_changed on public.lesson_progress is 'The numbers of learning follow while somebody looks.';
create trigger dashboard_changed after insert or update or delete on public.lesson_questions
  for each row execute function app.dashboard_changed('learning');
comment on trigger dashboard_changed on public.lesson_questions is 'The numbers of learning follow while somebody looks.';
create trigger dashboard_changed after insert or update or delete on public.projects
  for each row execute function app.dashboard_changed('portfolio');
comment on trigger dashboard_changed on public.projects is 'The numbers of portfolio follow while somebody looks.';
create trigger dashboard_changed after insert or update or delete on public.project_views
  for each row execute function app.dashboard_changed('portfolio');
comment on trigger dashboard_changed on public.project_views is 'The numbers of portfolio follow while somebody looks.';

create policy select_members on public.dashboards
  for select to authenticated
  using (
    domain = 'sales' and workspace_id = any (array(select app.workspaces_with('sales.read')))
    or domain = 'service' and workspace_id = any (array(select app.workspaces_with('tickets.read')))
    or domain = 'marketing' and workspace_id = any (array(select app.workspaces_with('campaigns.read')))
    or domain = 'learning' and workspace_id = any (array(select app.workspaces_with('courses.write')))
    or domain = 'portfolio' and workspace_id = any (array(select app.workspaces_with('portfolio.write'))));
comment on policy select_members on public.dashboards is 'Whoever may see what was added up; see app.dashboard_permission.';
