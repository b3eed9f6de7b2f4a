-- Purpose:  portfolios as clients and the world call them.
-- Risk:     none, new functions only.
-- Way back: drop the functions of this file.
set local lock_timeout = '5s';

create function public.add_project_media(p_project_id uuid, p_path text, p_alt text default '') returns public.project_media
language sql volatile security invoker set search_path = ''
begin atomic
  select * from app.add_project_media(p_project_id, p_path, p_alt);
end;

comment on function public.add_project_media(uuid, text, text) is
  'Shows an uploaded file, <workspace_id>/<project_id>/<name> in the bucket portfolio, at the end of a project; the same path again changes nothing. A file that no project shows is removed after a day. Errors: project.not_found, media.no_file, media.bad_type, media.bad_alt, media.too_many, quota.exceeded, workspace.forbidden.';

create function public.move_project_media(p_media_id uuid, p_after_id uuid default null) returns public.project_media
language sql volatile security invoker set search_path = ''
begin atomic
  select * from app.move_project_media(p_media_id, p_after_id);
end;

comment on function public.move_project_media(uuid, uuid) is
  'Puts a picture right behind another one of its project, or before all. Errors: media.not_found, media.bad_place, workspace.forbidden.';

create function public.note_project_view(p_project_id uuid) returns void
language sql volatile security invoker set search_path = ''
begin atomic
  select app.note_project_view(p_project_id);
end;

comment on function public.note_project_view(uuid) is
  'Says that a visitor looks at a project; to be called by the visitor''s browser. Counts once a visitor and day; nothing comes back.';

create function public.get_portfolio(p_username text) returns jsonb
language sql stable security invoker set search_path = ''
begin atomic
  select jsonb_build_object(
    'username', f.public_username, 'title', f.title, 'headline', f.headline, 'about', f.about, 'location', f.location,
    'avatar_url', f.avatar_url, 'links', f.links,
    'projects', coalesce((
      select jsonb_agg(jsonb_build_object(
        'id', p.id, 'slug', p.slug, 'title', p.title, 'summary', p.summary, 'tags', p.tags, 'technologies', p.technologies,
        'published_at', p.published_at,
        'cover', (select jsonb_build_object('path', m.object_path, 'kind', m.kind, 'alt', m.alt)
                  from public.project_media as m where m.project_id = p.id order by m.rank, m.id limit 1))
        order by p.published_at desc, p.id)
      from public.projects as p where p.workspace_id = f.workspace_id and p.status = 'published'), '[]'))
  from public.portfolios as f
  where f.public_username = lower(p_username);
end;

comment on function public.get_portfolio(text) is
  'A public portfolio with its published projects, newest first; null when there is none. Files are fetched from the bucket portfolio by path, with a signed address.';

create function public.get_project(p_username text, p_slug text) returns jsonb
language sql stable security invoker set search_path = ''
begin atomic
  select jsonb_build_object(
    'id', p.id, 'slug', p.slug, 'title', p.title, 'summary', p.summary, 'description', p.description,
    'live_url', p.live_url, 'source_url', p.source_url, 'tags', p.tags, 'technologies', p.technologies,
    'published_at', p.published_at,
    'media', coalesce((
      select jsonb_agg(jsonb_build_object('path', m.object_path, 'kind', m.kind, 'mime', m.mime, 'alt', m.alt) order by m.rank, m.id)
      from public.project_media as m where m.project_id = p.id), '[]'),
    'codes', (select jsonb_build_object('target', c.target, 'png', c.png_path, 'svg', c.svg_path)
              from public.project_codes as c where c.project_id = p.id))
  from public.portfolios as f
  join public.projects as p on p.workspace_id = f.workspace_id and p.slug = p_slug and p.status = 'published'
  where f.public_username = lower(p_username);
end;

comment on function public.get_project(text, text) is
  'A published project of a public portfolio with its pictures in order and its QR codes; null when there is none.';

revoke execute on function public.add_project_media(uuid, text, text) from public, anon, authenticated, service_role;
revoke execute on function public.move_project_media(uuid, uuid) from public, anon, authenticated, service_role;
revoke execute on function public.note_project_view(uuid) from public, anon, authenticated, service_role;
revoke execute on function public.get_portfolio(text) from public, anon, authenticated, service_role;
revoke execute on function public.get_project(text, text) from public, anon, authenticated, service_role;
grant execute on function public.add_project_media(uuid, text, text) to authenticated;
grant execute on function public.move_project_media(uuid, uuid) to authenticated;
grant execute on function public.note_project_view(uuid) to anon, authenticated;
grant execute on function public.get_portfolio(text) to anon, authenticated, service_role;
grant execute on function public.get_project(text, text) to anon, authenticated, service_role;
