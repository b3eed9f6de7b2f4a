-- Purpose:  the public bucket assets: pictures that members put on sites, brands and into profiles.
-- Risk:     policies and triggers on storage.objects: short locks on platform tables; a trigger on public.workspaces.
-- Way back: drop the policies, triggers and functions of this file (cascade drops the triggers); empty the bucket by the Storage API.
set local lock_timeout = '5s';

insert into app.job_kinds (kind, lane, max_attempts, provider, cost) values ('sites.remove_assets', 'outbound', 10, 'storage', 1);

-- Public: whoever has the address of a file sees it, for good. No SVG: it may hold scripts.
insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
values ('assets', 'assets', true, 5242880, array['image/png', 'image/jpeg', 'image/webp', 'image/gif', 'image/avif'])
on conflict (id) do update
  set public = excluded.public, file_size_limit = excluded.file_size_limit, allowed_mime_types = excluded.allowed_mime_types;

------------------------------------------------------------------------------------------------
-- Names: <workspace_id>/<site|avatar|brand|logo>/<uuid>.<ending>
------------------------------------------------------------------------------------------------
create function app.asset_workspace(p_name text) returns uuid
language sql immutable parallel safe set search_path = ''
return substring(p_name from
  '^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/(?:site|avatar|brand|logo)/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.(?:png|jpe?g|webp|gif|avif)$'
)::uuid;

comment on function app.asset_workspace(text) is
  'Whose file of the bucket assets this is; null for any name but <workspace_id>/<site|avatar|brand|logo>/<uuid>.<png|jpg|jpeg|webp|gif|avif> in small letters.';

create function app.asset_folders() returns setof text
language sql stable security definer set search_path = '' rows 10
begin atomic
  select w.id || f.kind from app.workspaces_with('sites.write') as w (id), (values ('/site'), ('/logo')) as f (kind)
  union all
  select w.id || '/brand' from app.workspaces_with('brand.manage') as w (id)
  union all
  select w.id || '/avatar' from public.workspaces as w where w.kind = 'personal' and w.created_by = app.user_id();
end;

comment on function app.asset_folders() is
  'Folders of the bucket assets into which the caller puts files and from which they remove them: site and logo as sites are written, brand as brands are, avatar in the own personal workspace.';

create function app.shown_assets() returns setof text
language sql stable security definer set search_path = '' rows 100
begin atomic
  select f.found[1]
  from public.site_snapshots as n,
    regexp_matches(n.content::text, '/public/assets/([0-9a-f-]{36}/[a-z]+/[0-9a-f-]{36}\.[a-z]+)', 'g') as f (found)
  where n.workspace_id = any (array(select app.workspaces_with('workspace.read'))) and n.live_slug is not null;
end;

comment on function app.shown_assets() is 'Files of the bucket assets that the world sees on published sites of the caller''s workspaces. For the policy of removals.';

create function app.missing_picture(p_workspace_id uuid, p_content jsonb) returns text
language sql stable security definer set search_path = ''
begin atomic
  select f.found[1]
  from jsonb_array_elements(p_content -> 'pages') as p (page), jsonb_array_elements(p.page -> 'blocks') as b (block),
    regexp_matches(b.block ->> 'url', '/public/assets/(' || p_workspace_id || '/[^?#]+)') as f (found)
  where b.block ->> 'type' = 'picture'
    and not exists (select from storage.objects as o where o.bucket_id = 'assets' and o.name = f.found[1])
  limit 1;
end;

comment on function app.missing_picture(uuid, jsonb) is
  'A picture of the workspace''s folder of the bucket assets that a site shows and that is not there; null when all are. Internal.';

------------------------------------------------------------------------------------------------
-- Bytes count in the plan; files go with their workspace
------------------------------------------------------------------------------------------------
create function app.assets_of(p_workspace_id uuid) returns setof text
language sql stable security definer set search_path = '' rows 100
begin atomic
  -- All that begins with the workspace and a slash, as a range that an index of names can answer; 0 follows the slash.
  select o.name from storage.objects as o
  where o.bucket_id = 'assets' and o.name collate "C" > p_workspace_id || '/' and o.name collate "C" < p_workspace_id || '0';
end;

comment on function app.assets_of(uuid) is 'Names of a workspace''s files in the bucket assets. Internal.';

create function app.meter_asset() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_workspace_id uuid;
begin
  if tg_op <> 'INSERT' and old.bucket_id = 'assets' then
    perform app.move_gauge(app.asset_workspace(old.name), 'storage_bytes', - coalesce((old.metadata ->> 'size')::bigint, 0));
  end if;
  if tg_op = 'DELETE' or new.bucket_id <> 'assets' then
    return null;
  end if;
  select w.id into v_workspace_id from public.workspaces as w where w.id = app.asset_workspace(new.name) for key share;
  if not found then
    perform app.fail(400, 'asset.bad_name', 'This name cannot be used in the bucket assets.',
      'Use <workspace_id>/<site, avatar, brand or logo>/<uuid>.<ending> in small letters.');
  end if;
  perform app.move_gauge(v_workspace_id, 'storage_bytes', coalesce((new.metadata ->> 'size')::bigint, 0));
  if (select count(*) from app.assets_of(v_workspace_id)) > 1000 then
    perform app.fail(409, 'asset.too_many', 'A workspace has at most 1,000 pictures.', 'Remove some that nobody needs.');
  end if;
  return null;
end;
$$;

comment on function app.meter_asset() is
  'Trigger: files count in the bytes of the plan in the transaction that notes them; above the limit the upload fails. Whoever writes, a file has a workspace.';

create function app.remove_assets() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  if exists (select from app.assets_of(old.id)) then
    perform app.enqueue('sites.remove_assets', null, old.id);
  end if;
  return null;
end;
$$;

comment on function app.remove_assets() is 'Trigger: no picture outlives its workspace; the worker removes them through the Storage API.';

create function app.abandoned_assets(p_workspace_id uuid, p_limit int) returns setof text
language sql stable security definer set search_path = '' rows 100
begin atomic
  select f.name from app.assets_of(p_workspace_id) as f (name)
  where not exists (select from public.workspaces as w where w.id = p_workspace_id)
  limit p_limit;
end;

comment on function app.abandoned_assets(uuid, int) is 'Files in the folder of a workspace that is gone; none while it is there. For the worker, which removes them.';

revoke execute on function app.asset_workspace(text) from public, anon, authenticated, service_role;
revoke execute on function app.asset_folders() from public, anon, authenticated, service_role;
revoke execute on function app.shown_assets() from public, anon, authenticated, service_role;
revoke execute on function app.missing_picture(uuid, jsonb) from public, anon, authenticated, service_role;
revoke execute on function app.assets_of(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.meter_asset() from public, anon, authenticated, service_role;
revoke execute on function app.remove_assets() from public, anon, authenticated, service_role;
revoke execute on function app.abandoned_assets(uuid, int) from public, anon, authenticated, service_role;
grant execute on function app.asset_folders() to authenticated;
grant execute on function app.shown_assets() to authenticated;
grant execute on function app.abandoned_assets(uuid, int) to lamina_worker;

create trigger lamina_meter_asset after insert on storage.objects
  for each row when (new.bucket_id = 'assets')
  execute function app.meter_asset();
create trigger lamina_meter_asset_change after update on storage.objects
  for each row when (
    'assets' in (old.bucket_id, new.bucket_id)
    and (old.bucket_id, old.name, old.metadata ->> 'size') is distinct from (new.bucket_id, new.name, new.metadata ->> 'size'))
  execute function app.meter_asset();
create trigger lamina_meter_asset_removal after delete on storage.objects
  for each row when (old.bucket_id = 'assets')
  execute function app.meter_asset();
create trigger remove_assets after delete on public.workspaces
  for each row execute function app.remove_assets();
comment on trigger remove_assets on public.workspaces is 'Pictures go with their workspace.';

------------------------------------------------------------------------------------------------
-- Rights in the bucket
------------------------------------------------------------------------------------------------
-- Reading by address needs no right; these decide who lists, puts and removes. Without a policy for update nothing is
-- overwritten or moved, so an address always means the same picture. What a published site shows is not removed.
create policy lamina_assets_select on storage.objects
  for select to authenticated
  using (
    bucket_id = 'assets'
    and (storage.foldername(name))[1] = any (array(select w::text from app.workspaces_with('workspace.read') as w)));
create policy lamina_assets_insert on storage.objects
  for insert to authenticated
  with check (
    bucket_id = 'assets'
    and name ~ '/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.(png|jpe?g|webp|gif|avif)$'
    and array_to_string(storage.foldername(name), '/') = any (array(select app.asset_folders())));
create policy lamina_assets_delete on storage.objects
  for delete to authenticated
  using (
    bucket_id = 'assets'
    and array_to_string(storage.foldername(name), '/') = any (array(select app.asset_folders()))
    and name <> all (array(select app.shown_assets())));
