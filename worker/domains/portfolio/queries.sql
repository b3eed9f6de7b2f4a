-- name: get_address
-- Where the world finds a project; no row when it does not.
select p.workspace_id, p.slug, f.public_username as username
from public.projects as p
join public.portfolios as f on f.workspace_id = p.workspace_id and f.public_username is not null
where p.id = %(project_id)s and p.status = 'published';

-- name: keep_codes
-- The codes are in the bucket; nothing happens when the project was deleted meanwhile.
insert into public.project_codes as c (project_id, workspace_id, target, png_path, svg_path)
select p.id, p.workspace_id, %(target)s, %(png_path)s, %(svg_path)s from public.projects as p where p.id = %(project_id)s
on conflict (project_id) do update
set target = excluded.target, png_path = excluded.png_path, svg_path = excluded.svg_path, updated_at = now();

-- name: list_unused
-- Of these files, or of all old ones when none are named, those that no row stands on.
select path from app.unused_project_files(%(paths)s::text[], %(limit)s) as path;

-- name: roll_up_views
-- Sets the figures of the days that are still counted.
select app.roll_up_views();
