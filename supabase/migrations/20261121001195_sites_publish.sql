-- Purpose:  a site is published and taken back; a layout becomes a page of a site; the design assistant works for a page of a site.
-- Risk:     none, new functions only.
-- Way back: drop the functions of this file.
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- Publication
------------------------------------------------------------------------------------------------
create function app.broken_link(p_content jsonb) returns text
language sql immutable set search_path = ''
return (
  select format('On the page %s a button leads to %s, and no page has this path.', p.page ->> 'path', b.block ->> 'url')
  from jsonb_array_elements(p_content -> 'pages') with ordinality as p (page, place),
    jsonb_array_elements(p.page -> 'blocks') with ordinality as b (block, place)
  where b.block ->> 'type' = 'button' and left(b.block ->> 'url', 1) = '/'
    and not exists (select from jsonb_array_elements(p_content -> 'pages') as o where o ->> 'path' = b.block ->> 'url')
  order by p.place, b.place
  limit 1);

comment on function app.broken_link(jsonb) is 'The first button of a site that leads to a page which is not there, in words; null when none does. Internal.';

create function app.check_publication(p_workspace_id uuid, p_content jsonb) returns void
language plpgsql stable set search_path = '' as $$
declare
  v_problem text := app.broken_link(p_content);
begin
  if v_problem is not null then
    perform app.fail(409, 'site.broken_link', v_problem, 'Add that page, or let the button lead elsewhere.');
  end if;
  v_problem := app.missing_picture(p_workspace_id, p_content);
  if v_problem is not null then
    perform app.fail(409, 'site.missing_picture', format('The picture %s is no longer in the bucket assets.', v_problem),
      'Upload it again and show the new address, or take the picture away.');
  end if;
end;
$$;

comment on function app.check_publication(uuid, jsonb) is 'What a draft may be and a publication not: buttons and pictures that lead nowhere. Internal.';

create function app.publish_site(p_site_id uuid, p_version int) returns public.site_snapshots
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_site public.sites := app.lock_site(p_site_id);
  v_content jsonb;
  v_snapshot public.site_snapshots;
begin
  select v.content into v_content from public.site_versions as v
  where v.site_id = p_site_id and v.version = coalesce(p_version, v_site.version);
  if not found then
    perform app.fail(404, 'site.version_not_found', 'The site has no such version.');
  end if;
  select * into v_snapshot from public.site_snapshots as n
  where n.site_id = p_site_id and n.live_slug = v_site.slug and n.name = v_site.name
    and n.version = coalesce(p_version, v_site.version);
  if found then
    return v_snapshot;
  end if;
  perform app.check_publication(v_site.workspace_id, v_content);
  update public.site_snapshots as n set live_slug = null where n.site_id = p_site_id and n.live_slug is not null;
  begin
    insert into public.site_snapshots (site_id, workspace_id, version, slug, live_slug, name, content)
    values (p_site_id, v_site.workspace_id, coalesce(p_version, v_site.version), v_site.slug, v_site.slug, v_site.name, v_content)
    returning * into v_snapshot;
  exception when unique_violation then
    perform app.fail(409, 'site.slug_taken', 'Another site is published at this address until it publishes its new one.',
      'Choose another one with rename_site.');
  end;
  delete from public.site_snapshots as n
  where n.id in (
    select o.id from public.site_snapshots as o
    where o.site_id = p_site_id and o.live_slug is null order by o.published_at desc, o.id offset 99);
  update public.sites as s set live_version = v_snapshot.version where s.id = p_site_id;
  perform app.note_activity(v_site.workspace_id, app.user_id(), 'published', 'site', p_site_id,
    jsonb_build_object('title', v_site.name, 'version', v_snapshot.version));
  return v_snapshot;
end;
$$;

comment on function app.publish_site(uuid, int) is 'Behind public.publish_site. Keeps the newest 100 publications of the site.';

create function app.unpublish_site(p_site_id uuid) returns public.sites
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_site public.sites := app.lock_site(p_site_id);
begin
  if v_site.live_version is not null then
    update public.site_snapshots as n set live_slug = null where n.site_id = p_site_id and n.live_slug is not null;
    update public.sites as s set live_version = null where s.id = p_site_id returning * into v_site;
    perform app.note_activity(v_site.workspace_id, app.user_id(), 'unpublished', 'site', p_site_id,
      jsonb_build_object('title', v_site.name));
  end if;
  return v_site;
end;
$$;

comment on function app.unpublish_site(uuid) is 'Behind public.unpublish_site.';

------------------------------------------------------------------------------------------------
-- Single pages: designs and layouts
------------------------------------------------------------------------------------------------
create function app.start_design(p_site_id uuid, p_input jsonb, p_page text, p_model text, p_idempotency_key text)
returns public.ai_tasks
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_site public.sites := app.lock_site(p_site_id);
  v_path_schema jsonb := app.site_schema() #> '{properties,pages,items,properties,path}';
  v_task public.ai_tasks;
begin
  if p_page is null or app.string_problem(v_path_schema, p_page) is not null then
    perform app.fail(400, 'site.bad_paths', 'This is no path of a page.', 'Use / or /about, as site_schema says.');
  end if;
  v_task := app.start_ai_task(v_site.workspace_id, 'design_assistant', p_input, p_model, p_idempotency_key, null);
  insert into public.site_designs (task_id, site_id, workspace_id, page, created_by)
  values (v_task.id, p_site_id, v_site.workspace_id, p_page, app.user_id())
  on conflict (task_id) do nothing;
  perform from public.site_designs as d where d.task_id = v_task.id and d.site_id = p_site_id and d.page = p_page;
  if not found then
    perform app.fail(409, 'task.idempotency_conflict', 'This idempotency key was used for another task.');
  end if;
  return v_task;
end;
$$;

comment on function app.start_design(uuid, jsonb, text, text, text) is 'Behind public.start_design.';

create function app.with_page(p_content jsonb, p_path text, p_page jsonb) returns jsonb
language sql immutable set search_path = ''
return jsonb_set(p_content, '{pages}', (
  select jsonb_agg(case when o.page ->> 'path' = p_path then o.page || p_page else o.page end order by o.place)
  from jsonb_array_elements(
    case when exists (select from jsonb_array_elements(p_content -> 'pages') as e where e ->> 'path' = p_path)
      then p_content -> 'pages'
      else (p_content -> 'pages') || jsonb_build_array(jsonb_build_object('path', p_path)) end
  ) with ordinality as o (page, place)));

comment on function app.with_page(jsonb, text, jsonb) is 'A site''s content with title and blocks of one page replaced, or with that page added. Internal.';

create function app.add_site_page(p_site_id uuid, p_template_id uuid, p_path text, p_expected_version int) returns public.sites
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_site public.sites := app.lock_site(p_site_id);
  v_kind text;
  v_page jsonb;
  v_content jsonb;
begin
  select t.kind, v.content #> '{pages,0}' into v_kind, v_page
  from public.templates as t
  join public.template_versions as v on v.template_id = t.id and v.version = t.version
  where t.id = p_template_id and (t.workspace_id is null or t.workspace_id = v_site.workspace_id);
  if not found then
    perform app.fail(404, 'template.not_found', 'There is no such template.');
  elsif v_kind <> 'layout' then
    perform app.fail(409, 'template.wrong_kind', 'Only a layout becomes a page of a site.', 'Choose a template of the kind layout.');
  end if;
  select v.content into v_content from public.site_versions as v
  where v.site_id = p_site_id and v.version = v_site.version;
  if exists (select from jsonb_array_elements(v_content -> 'pages') as e where e ->> 'path' = p_path) then
    perform app.fail(400, 'site.bad_paths', format('There is a page at %s already.', p_path), 'Choose another path.');
  end if;
  return app.save_site(p_site_id, app.with_page(v_content, p_path, v_page - 'path'), p_expected_version);
end;
$$;

comment on function app.add_site_page(uuid, uuid, text, int) is 'Behind public.add_site_page. The site keeps its theme.';

create function app.apply_design(p_task_id uuid, p_expected_version int) returns public.sites
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_design public.site_designs;
  v_task public.ai_tasks;
  v_content jsonb;
  v_site public.sites;
begin
  select * into v_design from public.site_designs as d
  where d.task_id = p_task_id and d.created_by = app.require_user();
  if not found then
    perform app.fail(404, 'design.not_found', 'There is no such design of yours.');
  end if;
  v_site := app.lock_site(v_design.site_id);
  select * into v_task from public.ai_tasks as t where t.id = p_task_id;
  if v_task.status <> 'complete' then
    perform app.fail(409, 'design.not_complete', 'The design assistant has not finished this page.', 'Watch the task''s status.');
  end if;
  select v.content into v_content from public.site_versions as v
  where v.site_id = v_site.id and v.version = v_site.version;
  v_site := app.save_site(
    v_site.id, app.with_page(v_content, v_design.page, v_task.result_json - '{path,description}'::text[]), p_expected_version);
  update public.site_designs as d set applied_version = v_site.version where d.task_id = p_task_id;
  return v_site;
end;
$$;

comment on function app.apply_design(uuid, int) is 'Behind public.apply_design. What a model said is checked again like what a person wrote.';

revoke execute on function app.broken_link(jsonb) from public, anon, authenticated, service_role;
revoke execute on function app.check_publication(uuid, jsonb) from public, anon, authenticated, service_role;
revoke execute on function app.publish_site(uuid, int) from public, anon, authenticated, service_role;
revoke execute on function app.unpublish_site(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.start_design(uuid, jsonb, text, text, text) from public, anon, authenticated, service_role;
revoke execute on function app.with_page(jsonb, text, jsonb) from public, anon, authenticated, service_role;
revoke execute on function app.add_site_page(uuid, uuid, text, int) from public, anon, authenticated, service_role;
revoke execute on function app.apply_design(uuid, int) from public, anon, authenticated, service_role;
grant execute on function app.publish_site(uuid, int) to authenticated;
grant execute on function app.unpublish_site(uuid) to authenticated;
grant execute on function app.start_design(uuid, jsonb, text, text, text) to authenticated;
grant execute on function app.add_site_page(uuid, uuid, text, int) to authenticated;
grant execute on function app.apply_design(uuid, int) to authenticated;
