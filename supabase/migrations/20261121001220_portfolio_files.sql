-- Purpose:  files of projects: the bucket portfolio and its rights, a file becomes a picture of a project, moves, goes with its row.
-- Risk:     policies and a trigger on storage.objects: short locks on platform tables.
-- Way back: drop the policies, triggers and functions of this file; empty the bucket by the Storage API.
set local lock_timeout = '5s';

-- Private: the policies below decide with each request. SVG is for the worker's QR codes only.
insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
values ('portfolio', 'portfolio', false, 52428800, array[
  'image/png', 'image/jpeg', 'image/webp', 'image/gif', 'image/avif', 'video/mp4', 'video/webm', 'image/svg+xml'])
on conflict (id) do update
  set public = excluded.public, file_size_limit = excluded.file_size_limit, allowed_mime_types = excluded.allowed_mime_types;

------------------------------------------------------------------------------------------------
-- A file becomes a picture of a project
------------------------------------------------------------------------------------------------
create function app.lock_project(p_project_id uuid) returns public.projects
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_project public.projects;
begin
  perform app.require_user();
  select * into v_project from public.projects as p
  where p.id = p_project_id and p.workspace_id = any (array(select app.workspaces_with('workspace.read')));
  if found then
    perform app.require_permission(v_project.workspace_id, 'portfolio.write');
    select * into v_project from public.projects as p where p.id = p_project_id for no key update;
  end if;
  if not found then
    perform app.fail(404, 'project.not_found', 'There is no such project of yours.');
  end if;
  return v_project;
end;
$$;

comment on function app.lock_project(uuid) is 'The project, locked, if the caller may write it; else 404 or 403. Internal.';

create function app.add_project_media(p_project_id uuid, p_path text, p_alt text) returns public.project_media
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_project public.projects := app.lock_project(p_project_id);
  v_file jsonb;
  v_media public.project_media;
begin
  select * into v_media from public.project_media as m where m.object_path = p_path and m.project_id = p_project_id;
  if found then
    return v_media;
  end if;
  select o.metadata into v_file from storage.objects as o
  where o.bucket_id = 'portfolio' and o.name = p_path and o.metadata is not null
    and o.name like v_project.workspace_id || '/' || v_project.id || '/%';
  if not found then
    perform app.fail(404, 'media.no_file', 'There is no such file of this project.',
      'Upload it to the bucket portfolio as <workspace_id>/<project_id>/<name> first.');
  elsif v_file ->> 'mimetype' is null or v_file ->> 'mimetype' !~ '^(image/(png|jpeg|webp|gif|avif)|video/(mp4|webm))$' then
    perform app.fail(400, 'media.bad_type', 'A project shows PNG, JPEG, WebP, GIF, AVIF, MP4 and WebM files.');
  elsif length(p_alt) > 300 then
    perform app.fail(400, 'media.bad_alt', 'What it shows is said in at most 300 characters.');
  elsif (select count(*) from public.project_media as m where m.project_id = p_project_id) >= 30 then
    perform app.fail(409, 'media.too_many', 'A project has at most 30 pictures and films.', 'Take one away.');
  end if;
  insert into public.project_media (project_id, workspace_id, kind, object_path, mime, byte_size, alt, rank)
  values (
    p_project_id, v_project.workspace_id, split_part(v_file ->> 'mimetype', '/', 1), p_path, v_file ->> 'mimetype',
    coalesce((v_file ->> 'size')::bigint, 0), coalesce(p_alt, ''), app.media_rank(p_project_id, null, (
      select m.id from public.project_media as m where m.project_id = p_project_id order by m.rank desc limit 1)))
  returning * into v_media;
  return v_media;
end;
$$;

comment on function app.add_project_media(uuid, text, text) is 'Behind public.add_project_media.';

create function app.media_rank(p_project_id uuid, p_media_id uuid, p_after_id uuid) returns bigint
language sql stable set search_path = ''
begin atomic
  with others as (
    select m.id, m.rank from public.project_media as m where m.project_id = p_project_id and m.id is distinct from p_media_id
  ),
  low as (select (select o.rank from others as o where o.id = p_after_id) as rank),
  room as (
    select low.rank as low, (select min(o.rank) from others as o where low.rank is null or o.rank > low.rank) as high from low
  )
  select case
    when room.low is null and room.high is null then 65536
    when room.low is null then room.high - 65536
    when room.high is null then room.low + 65536
    when room.high - room.low > 1 then (room.low + room.high) / 2
  end from room;
end;

comment on function app.media_rank(uuid, uuid, uuid) is 'A rank right behind another picture, or before all; null when there is no room between two. Internal.';

create function app.move_project_media(p_media_id uuid, p_after_id uuid) returns public.project_media
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_media public.project_media;
  v_rank bigint;
begin
  select * into v_media from public.project_media as m
  where m.id = p_media_id and m.workspace_id = any (array(select app.workspaces_with('workspace.read')));
  if not found then
    perform app.fail(404, 'media.not_found', 'There is no such picture of yours.');
  end if;
  perform app.lock_project(v_media.project_id);
  if p_after_id = p_media_id or p_after_id is not null and not exists (
    select from public.project_media as m where m.id = p_after_id and m.project_id = v_media.project_id) then
    perform app.fail(400, 'media.bad_place', 'A picture goes behind another one of its project, or before all.');
  end if;
  v_rank := app.media_rank(v_media.project_id, p_media_id, p_after_id);
  if v_rank is null then
    update public.project_media as m set rank = n.place * 65536
    from (select o.id, row_number() over (order by o.rank, o.id) as place
          from public.project_media as o where o.project_id = v_media.project_id) as n
    where m.id = n.id;
    v_rank := app.media_rank(v_media.project_id, p_media_id, p_after_id);
  end if;
  update public.project_media as m set rank = v_rank where m.id = p_media_id returning * into v_media;
  if not found then
    perform app.fail(404, 'media.not_found', 'There is no such picture of yours.');
  end if;
  return v_media;
end;
$$;

comment on function app.move_project_media(uuid, uuid) is 'Behind public.move_project_media. Moves of one project wait for each other.';

------------------------------------------------------------------------------------------------
-- Files and rows go together
------------------------------------------------------------------------------------------------
create function app.meter_media() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  if tg_op = 'INSERT' then
    perform app.move_gauge(new.workspace_id, 'storage_bytes', new.byte_size);
  else
    perform app.move_gauge(old.workspace_id, 'storage_bytes', - old.byte_size);
  end if;
  return null;
end;
$$;

comment on function app.meter_media() is 'Trigger: files of projects count in the bytes of the plan; QR codes do not.';

create function app.remove_project_files() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_old jsonb := to_jsonb(old);
  v_paths text[] := array(
    select o.name from storage.objects as o
    where o.bucket_id = 'portfolio' and o.name = any (array[v_old ->> 'object_path', v_old ->> 'png_path', v_old ->> 'svg_path']));
begin
  if cardinality(v_paths) > 0 then
    perform app.enqueue(
      'portfolio.remove_files', (select w.id from public.workspaces as w where w.id = old.workspace_id), null,
      jsonb_build_object('paths', v_paths));
  end if;
  return null;
end;
$$;

comment on function app.remove_project_files() is 'Trigger: however a row goes, the worker removes its files through the Storage API.';

create function app.forget_project_file() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  delete from public.project_media as m where m.object_path = old.name;
  return null;
end;
$$;

comment on function app.forget_project_file() is 'Trigger: a file that staff removes through the Storage API takes its row along.';

create function app.unused_project_files(p_paths text[], p_limit int) returns setof text
language sql stable security definer set search_path = '' rows 100
begin atomic
  select o.name from storage.objects as o
  where o.bucket_id = 'portfolio'
    and (o.name = any (p_paths) or p_paths is null and o.created_at < now() - interval '1 day')
    and not exists (select from public.project_media as m where m.object_path = o.name)
    and not exists (select from public.project_codes as c where c.png_path = o.name)
    and not exists (select from public.project_codes as c where c.svg_path = o.name)
  limit p_limit;
end;

comment on function app.unused_project_files(text[], int) is
  'Of these files, or without any named, of all that are older than a day, those that no row stands on. For the worker, which removes them.';

revoke execute on function app.lock_project(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.add_project_media(uuid, text, text) from public, anon, authenticated, service_role;
revoke execute on function app.media_rank(uuid, uuid, uuid) from public, anon, authenticated, service_role;
revoke execute on function app.move_project_media(uuid, uuid) from public, anon, authenticated, service_role;
revoke execute on function app.meter_media() from public, anon, authenticated, service_role;
revoke execute on function app.remove_project_files() from public, anon, authenticated, service_role;
revoke execute on function app.forget_project_file() from public, anon, authenticated, service_role;
revoke execute on function app.unused_project_files(text[], int) from public, anon, authenticated, service_role;
grant execute on function app.add_project_media(uuid, text, text) to authenticated;
grant execute on function app.move_project_media(uuid, uuid) to authenticated;
grant execute on function app.unused_project_files(text[], int) to lamina_worker;

create trigger meter_bytes after insert or delete on public.project_media
  for each row execute function app.meter_media();
comment on trigger meter_bytes on public.project_media is 'Counts bytes.';
create trigger remove_files after delete on public.project_media
  for each row execute function app.remove_project_files();
comment on trigger remove_files on public.project_media is 'No file outlives its row.';
create trigger remove_files after delete on public.project_codes
  for each row execute function app.remove_project_files();
comment on trigger remove_files on public.project_codes is 'No code outlives its project.';
create trigger lamina_forget_project_file after delete on storage.objects
  for each row when (old.bucket_id = 'portfolio')
  execute function app.forget_project_file();

create function app.portfolios_with_room() returns setof uuid
language sql stable security definer set search_path = '' rows 10
begin atomic
  select w.id from app.workspaces_with('portfolio.write') as w (id)
  where (select count(*) from (
    select from storage.objects as o
    where o.bucket_id = 'portfolio'
      -- All that begins with the workspace and a slash, as a range that an index of names can answer; 0 follows the slash.
      and o.name collate "C" > w.id || '/' and o.name collate "C" < w.id || '0'
      and not exists (select from public.project_media as m where m.object_path = o.name)
      and (storage.foldername(o.name))[3] is distinct from 'codes'
    limit 100) as waiting) < 100;
end;

comment on function app.portfolios_with_room() is
  'Workspaces whose portfolio the caller writes and of whose files fewer than 100 wait for add_project_media. For the policy of uploads; those of the same moment may pass it together.';

revoke execute on function app.portfolios_with_room() from public, anon, authenticated, service_role;
grant execute on function app.portfolios_with_room() to authenticated;

------------------------------------------------------------------------------------------------
-- Rights in the bucket: <workspace_id>/<project_id>/…
------------------------------------------------------------------------------------------------
-- The world reads a file when it may read the row that stands on it, so a draft's picture is as private as the draft.
-- A part . or .. is refused. Without policies for update and delete nothing is overwritten, moved or left dangling.
create policy lamina_portfolio_world on storage.objects
  for select to anon
  using (
    bucket_id = 'portfolio'
    and (exists (select from public.project_media as m where m.object_path = objects.name)
         or exists (select from public.project_codes as c where c.png_path = objects.name)
         or exists (select from public.project_codes as c where c.svg_path = objects.name)));
create policy lamina_portfolio_select on storage.objects
  for select to authenticated
  using (
    bucket_id = 'portfolio'
    and (lower((storage.foldername(name))[1]) = any (array(select w::text from app.workspaces_with('workspace.read') as w))
         or exists (select from public.project_media as m where m.object_path = objects.name)
         or exists (select from public.project_codes as c where c.png_path = objects.name)
         or exists (select from public.project_codes as c where c.svg_path = objects.name)));
create policy lamina_portfolio_insert on storage.objects
  for insert to authenticated
  with check (
    bucket_id = 'portfolio'
    and name !~ '(^|/)\.\.?(/|$)'
    and (storage.foldername(name))[3] is distinct from 'codes'
    and (storage.foldername(name))[1] = any (array(select w::text from app.portfolios_with_room() as w)));
