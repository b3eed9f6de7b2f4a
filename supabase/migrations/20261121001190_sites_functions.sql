-- Purpose:  what a browser does with templates and sites: write, fork, save, rename, delete.
-- Risk:     none, new functions and a trigger on an own table.
-- Way back: drop the functions of this file (cascade drops the trigger).
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- Templates
------------------------------------------------------------------------------------------------
create function app.check_site_name(p_name text) returns void
language plpgsql immutable set search_path = '' as $$
begin
  if app.is_name(p_name) is not true then
    perform app.fail(400, 'site.bad_name', 'This name cannot be used.', 'Use 1 to 100 characters.');
  end if;
end;
$$;

comment on function app.check_site_name(text) is 'Refuses a bad name of a site or template, in words. Internal.';

create function app.create_template(p_workspace_id uuid, p_kind text, p_name text, p_content jsonb, p_description text)
returns public.templates
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_template public.templates;
begin
  perform app.require_permission(p_workspace_id, 'sites.write');
  perform app.check_site_name(p_name);
  perform app.check_site_content(p_kind, p_content);
  if length(p_description) > 500 then
    perform app.fail(400, 'template.bad_description', 'A description has at most 500 characters.');
  end if;
  perform app.lock_ordering_key('templates:' || p_workspace_id);
  if (select count(*) from public.templates as t where t.workspace_id = p_workspace_id) >= 100 then
    perform app.fail(409, 'template.too_many', 'A workspace has at most 100 templates.', 'Delete one that nobody uses.');
  end if;
  insert into public.templates (workspace_id, kind, name, description, created_by)
  values (p_workspace_id, p_kind, p_name, coalesce(p_description, ''), app.user_id())
  returning * into v_template;
  insert into public.template_versions (template_id, version, workspace_id, content, created_by)
  values (v_template.id, 1, p_workspace_id, p_content, app.user_id());
  return v_template;
end;
$$;

comment on function app.create_template(uuid, text, text, jsonb, text) is 'Behind public.create_template.';

create function app.lock_template(p_template_id uuid) returns public.templates
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_template public.templates;
begin
  perform app.require_user();
  select * into v_template from public.templates as t
  where t.id = p_template_id
    and (t.workspace_id is null or t.workspace_id = any (array(select app.workspaces_with('workspace.read'))));
  if found and v_template.workspace_id is null then
    perform app.fail(403, 'template.read_only', 'Templates of the catalogue are not changed.', 'Fork it.');
  elsif found then
    perform app.require_permission(v_template.workspace_id, 'sites.write');
    select * into v_template from public.templates as t where t.id = p_template_id for no key update;
  end if;
  if not found then
    perform app.fail(404, 'template.not_found', 'There is no such template.');
  end if;
  return v_template;
end;
$$;

comment on function app.lock_template(uuid) is 'A workspace''s template, locked, if the caller may write it; else 404 or 403. Internal.';

create function app.save_template(p_template_id uuid, p_content jsonb, p_expected_version int) returns public.templates
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_template public.templates := app.lock_template(p_template_id);
begin
  perform app.check_site_content(v_template.kind, p_content);
  if v_template.version is distinct from p_expected_version then
    perform app.fail(409, 'template.version_conflict',
      format('The template has changed: its version is %s, not %s.', v_template.version, p_expected_version),
      'Read the newest version, merge, and save again.');
  end if;
  update public.templates as t set version = t.version + 1 where t.id = p_template_id returning * into v_template;
  insert into public.template_versions (template_id, version, workspace_id, content, created_by)
  values (p_template_id, v_template.version, v_template.workspace_id, p_content, app.user_id());
  delete from public.template_versions as v where v.template_id = p_template_id and v.version <= v_template.version - 100;
  return v_template;
end;
$$;

comment on function app.save_template(uuid, jsonb, int) is 'Behind public.save_template. Keeps the newest 100 versions.';

create function app.rename_template(p_template_id uuid, p_name text, p_description text) returns public.templates
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_template public.templates := app.lock_template(p_template_id);
begin
  perform app.check_site_name(p_name);
  if length(p_description) > 500 then
    perform app.fail(400, 'template.bad_description', 'A description has at most 500 characters.');
  end if;
  update public.templates as t set name = p_name, description = coalesce(p_description, t.description)
  where t.id = p_template_id
  returning * into v_template;
  return v_template;
end;
$$;

comment on function app.rename_template(uuid, text, text) is 'Behind public.rename_template.';

create function app.delete_template(p_template_id uuid) returns void
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform app.lock_template(p_template_id);
  delete from public.templates as t where t.id = p_template_id;
end;
$$;

comment on function app.delete_template(uuid) is 'Behind public.delete_template.';

------------------------------------------------------------------------------------------------
-- Sites
------------------------------------------------------------------------------------------------
create function app.check_slug(p_slug text) returns void
language plpgsql immutable set search_path = '' as $$
begin
  if app.is_slug(p_slug) is not true then
    perform app.fail(400, 'site.bad_slug', 'This address cannot be used.',
      'Use 3 to 60 small letters (a–z), digits and single dashes between them.');
  end if;
end;
$$;

comment on function app.check_slug(text) is 'Refuses a bad address of a site, in words. Internal.';

create function app.fork_template(p_template_id uuid, p_workspace_id uuid, p_name text, p_slug text, p_version int)
returns public.sites
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_template public.templates;
  v_from public.template_versions;
  v_site public.sites;
begin
  perform app.require_permission(p_workspace_id, 'sites.write');
  perform app.check_site_name(p_name);
  perform app.check_slug(p_slug);
  select * into v_template from public.templates as t
  where t.id = p_template_id and (t.workspace_id is null or t.workspace_id = p_workspace_id);
  select * into v_from from public.template_versions as v
  where v.template_id = v_template.id and v.version = coalesce(p_version, v_template.version);
  if not found then
    perform app.fail(404, 'template.not_found', 'There is no such template.');
  elsif v_template.kind <> 'site' then
    perform app.fail(409, 'template.wrong_kind', 'Layouts and e-mails are no websites.',
      'Put a layout into a site with add_site_page; template_text gives an e-mail to a campaign.');
  end if;
  perform app.lock_ordering_key('sites:' || p_workspace_id);
  if (select count(*) from public.sites as s where s.workspace_id = p_workspace_id) >= 100 then
    perform app.fail(409, 'site.too_many', 'A workspace has at most 100 sites.', 'Delete one that nobody needs.');
  end if;
  insert into public.sites (workspace_id, template_id, template_version, name, slug, created_by)
  values (p_workspace_id, v_template.id, v_from.version, p_name, p_slug, app.user_id())
  on conflict (slug) do nothing
  returning * into v_site;
  if not found then
    perform app.fail(409, 'site.slug_taken', 'This address is taken.', 'Choose another one.');
  end if;
  insert into public.site_versions (site_id, version, workspace_id, content, created_by)
  values (v_site.id, 1, p_workspace_id, v_from.content, app.user_id());
  return v_site;
end;
$$;

comment on function app.fork_template(uuid, uuid, text, text, int) is 'Behind public.fork_template.';

create function app.lock_site(p_site_id uuid) returns public.sites
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_site public.sites;
begin
  perform app.require_user();
  select * into v_site from public.sites as s
  where s.id = p_site_id and s.workspace_id = any (array(select app.workspaces_with('workspace.read')));
  if found then
    perform app.require_permission(v_site.workspace_id, 'sites.write');
    select * into v_site from public.sites as s where s.id = p_site_id for no key update;
  end if;
  if not found then
    perform app.fail(404, 'site.not_found', 'There is no such site.');
  end if;
  return v_site;
end;
$$;

comment on function app.lock_site(uuid) is 'The site, locked, if the caller may write it; else 404 or 403. Internal.';

create function app.save_site(p_site_id uuid, p_content jsonb, p_expected_version int) returns public.sites
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_site public.sites := app.lock_site(p_site_id);
begin
  perform app.check_site_content('site', p_content);
  if v_site.version is distinct from p_expected_version then
    perform app.fail(409, 'site.version_conflict',
      format('The site has changed: its version is %s, not %s.', v_site.version, p_expected_version),
      'Read the newest version, merge, and save again.');
  end if;
  update public.sites as s set version = s.version + 1 where s.id = p_site_id returning * into v_site;
  insert into public.site_versions (site_id, version, workspace_id, content, created_by)
  values (p_site_id, v_site.version, v_site.workspace_id, p_content, app.user_id());
  delete from public.site_versions as v
  where v.site_id = p_site_id and v.version <= v_site.version - 100
    and not exists (select from public.site_snapshots as n where n.site_id = p_site_id and n.version = v.version);
  return v_site;
end;
$$;

comment on function app.save_site(uuid, jsonb, int) is 'Behind public.save_site. Keeps the newest 100 versions and those of kept publications.';

create function app.rename_site(p_site_id uuid, p_name text, p_slug text) returns public.sites
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_site public.sites := app.lock_site(p_site_id);
begin
  perform app.check_site_name(p_name);
  perform app.check_slug(p_slug);
  begin
    update public.sites as s set name = p_name, slug = p_slug where s.id = p_site_id returning * into v_site;
  exception when unique_violation then
    perform app.fail(409, 'site.slug_taken', 'This address is taken.', 'Choose another one.');
  end;
  return v_site;
end;
$$;

comment on function app.rename_site(uuid, text, text) is 'Behind public.rename_site.';

create function app.delete_site(p_site_id uuid) returns void
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform app.lock_site(p_site_id);
  delete from public.sites as s where s.id = p_site_id;
end;
$$;

comment on function app.delete_site(uuid) is 'Behind public.delete_site.';

create function app.broadcast_site() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform realtime.send(
    jsonb_build_object('site_id', new.id, 'version', new.version, 'live_version', new.live_version),
    'site.changed', 'workspace:' || new.workspace_id, true);
  return null;
end;
$$;

comment on function app.broadcast_site() is 'Tells members that a site was made, saved, renamed, published or taken back: read the row.';

revoke execute on function app.check_site_name(text) from public, anon, authenticated, service_role;
revoke execute on function app.create_template(uuid, text, text, jsonb, text) from public, anon, authenticated, service_role;
revoke execute on function app.lock_template(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.save_template(uuid, jsonb, int) from public, anon, authenticated, service_role;
revoke execute on function app.rename_template(uuid, text, text) from public, anon, authenticated, service_role;
revoke execute on function app.delete_template(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.check_slug(text) from public, anon, authenticated, service_role;
revoke execute on function app.fork_template(uuid, uuid, text, text, int) from public, anon, authenticated, service_role;
revoke execute on function app.lock_site(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.save_site(uuid, jsonb, int) from public, anon, authenticated, service_role;
revoke execute on function app.rename_site(uuid, text, text) from public, anon, authenticated, service_role;
revoke execute on function app.delete_site(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.broadcast_site() from public, anon, authenticated, service_role;
grant execute on function app.create_template(uuid, text, text, jsonb, text) to authenticated;
grant execute on function app.save_template(uuid, jsonb, int) to authenticated;
grant execute on function app.rename_template(uuid, text, text) to authenticated;
grant execute on function app.delete_template(uuid) to authenticated;
grant execute on function app.fork_template(uuid, uuid, text, text, int) to authenticated;
grant execute on function app.save_site(uuid, jsonb, int) to authenticated;
grant execute on function app.rename_site(uuid, text, text) to authenticated;
grant execute on function app.delete_site(uuid) to authenticated;

create trigger broadcast_change after insert or update on public.sites
  for each row execute function app.broadcast_site();
comment on trigger broadcast_change on public.sites is 'Open editors learn of another''s version.';
