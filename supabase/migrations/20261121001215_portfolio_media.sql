-- Purpose:  what is refused of projects, in words; their pictures and films in order; their QR codes; kinds of jobs.
-- Risk:     none, new objects only.
-- Way back: drop the two tables and the functions of this file (cascade drops the triggers); delete the job kinds portfolio.*.
set local lock_timeout = '5s';

insert into app.job_kinds (kind, lane, max_attempts, provider, cost) values
  ('portfolio.make_codes', 'bulk', 5, 'storage', 1),
  ('portfolio.remove_files', 'outbound', 10, 'storage', 1),
  ('portfolio.sweep', 'bulk', 3, 'storage', 1),
  ('portfolio.roll_up_views', 'bulk', 3, null, 1);

------------------------------------------------------------------------------------------------
-- Projects: refusals, stamps, codes
------------------------------------------------------------------------------------------------
create function app.guard_project() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  -- What the policy refuses a user is not looked at: the words below would tell strangers of drafts.
  if app.user_id() is not null and not app.has_permission(new.workspace_id, 'portfolio.write') then
    return new;
  end if;
  if app.is_name(new.title) is not true then
    perform app.fail(400, 'project.bad_title', 'This title cannot be used.', 'Use 1 to 100 characters.');
  elsif app.is_slug(new.slug) is not true then
    perform app.fail(400, 'project.bad_slug', 'This address cannot be used.',
      'Use 3 to 60 small letters (a–z), digits and single dashes between them.');
  elsif app.is_web_address(new.live_url) is false or app.is_web_address(new.source_url) is false then
    perform app.fail(400, 'project.bad_address', 'This is no web address.', 'Use a full http(s) address.');
  elsif app.are_tags(new.tags) is not true or app.are_tags(new.technologies) is not true then
    perform app.fail(400, 'project.bad_tags', 'These words cannot be used.', 'Use up to 20 different ones of at most 40 characters.');
  elsif exists (
    select from public.projects as o where o.workspace_id = new.workspace_id and o.slug = new.slug and o.id <> new.id) then
    perform app.fail(409, 'project.slug_taken', 'Another project has this address.', 'Choose another one.');
  end if;
  if tg_op = 'INSERT' then
    perform app.lock_ordering_key('projects:' || new.workspace_id);
    if (select count(*) from public.projects as o where o.workspace_id = new.workspace_id) >= 200 then
      perform app.fail(409, 'project.too_many', 'A workspace has at most 200 projects.', 'Delete one that nobody needs.');
    end if;
  end if;
  if new.status = 'published' then
    new.published_at := coalesce(new.published_at, now());
  end if;
  return new;
end;
$$;

comment on function app.guard_project() is 'Trigger: refuses in words what the checks would refuse, stamps the first publication.';

create function app.enqueue_codes(p_workspace_id uuid, p_project_id uuid) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_id uuid;
begin
  for v_id in
    select p.id from public.projects as p
    join public.portfolios as f on f.workspace_id = p.workspace_id and f.public_username is not null
    where p.workspace_id = p_workspace_id and p.status = 'published' and p.id = coalesce(p_project_id, p.id)
    order by p.id
  loop
    perform app.lock_ordering_key('codes:' || v_id);
    -- Locked, so that no worker claims it before this change can be read.
    perform from public.jobs as j
    where j.ordering_key = 'codes:' || v_id and j.gate <> 'closed' and j.status = 'queued'
    for share;
    if not found then
      perform app.enqueue('portfolio.make_codes', p_workspace_id, v_id, p_ordering_key => 'codes:' || v_id);
    end if;
  end loop;
end;
$$;

comment on function app.enqueue_codes(uuid, uuid) is
  'QR codes of one public project, or of all of a workspace. A job that has not begun is enough, since it reads the address when it runs; beside one that runs another is enqueued behind it.';

create function app.request_codes() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform app.enqueue_codes(new.workspace_id, case when tg_table_name = 'projects' then (to_jsonb(new) ->> 'id')::uuid end);
  return null;
end;
$$;

comment on function app.request_codes() is 'Trigger: a project or a portfolio that the world sees at a new address gets codes for it.';

revoke execute on function app.guard_project() from public, anon, authenticated, service_role;
revoke execute on function app.enqueue_codes(uuid, uuid) from public, anon, authenticated, service_role;
revoke execute on function app.request_codes() from public, anon, authenticated, service_role;

create trigger guard_project before insert or update on public.projects
  for each row execute function app.guard_project();
comment on trigger guard_project on public.projects is 'Refuses in words.';
create trigger touch_updated_at before update on public.projects
  for each row execute function app.touch_updated_at();
comment on trigger touch_updated_at on public.projects is 'Stamps updated_at.';
create trigger note_activity after insert or delete on public.projects
  for each row execute function app.note_activity_of('project');
comment on trigger note_activity on public.projects is 'Members see what came and went.';
create trigger note_status after update of status on public.projects
  for each row when (new.status is distinct from old.status)
  execute function app.note_activity_of('project');
comment on trigger note_status on public.projects is 'Members see what was published and archived.';
create trigger request_codes_first after insert on public.projects
  for each row when (new.status = 'published') execute function app.request_codes();
comment on trigger request_codes_first on public.projects is 'QR codes for the new address.';
create trigger request_codes after update on public.projects
  for each row when (new.status = 'published' and (new.status, new.slug) is distinct from (old.status, old.slug))
  execute function app.request_codes();
comment on trigger request_codes on public.projects is 'QR codes for the new address.';
create trigger request_codes_first after insert on public.portfolios
  for each row when (new.public_username is not null) execute function app.request_codes();
comment on trigger request_codes_first on public.portfolios is 'QR codes for what was published before.';
create trigger request_codes after update on public.portfolios
  for each row when (new.public_username is not null and new.public_username is distinct from old.public_username)
  execute function app.request_codes();
comment on trigger request_codes on public.portfolios is 'QR codes for the new address.';

------------------------------------------------------------------------------------------------
-- public.project_media
------------------------------------------------------------------------------------------------
create table public.project_media (
  id uuid primary key default gen_random_uuid(),
  project_id uuid not null,
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  kind text not null check (kind in ('image', 'video')),
  object_path text not null unique,
  mime text not null,
  byte_size bigint not null check (byte_size >= 0),
  alt text not null default '' check (length(alt) <= 300),
  rank bigint not null,
  created_at timestamptz not null default now(),
  foreign key (project_id, workspace_id) references public.projects (id, workspace_id) on delete cascade
);

comment on table public.project_media is 'Pictures and films of projects, in order.';
comment on column public.project_media.project_id is 'The project.';
comment on column public.project_media.kind is 'image or video, as the file''s type says.';
comment on column public.project_media.object_path is 'The file in the bucket portfolio.';
comment on column public.project_media.mime is 'The file''s type, as it was uploaded.';
comment on column public.project_media.byte_size is 'The file''s size; it counts in the bytes of the plan.';
comment on column public.project_media.alt is 'What it shows, for those who do not see it.';
comment on column public.project_media.rank is 'Order within the project. A move writes one row; only when there is no room left, those of the project.';

create index project_media_project_idx on public.project_media (project_id, workspace_id, rank);
create index project_media_workspace_idx on public.project_media (workspace_id);

alter table public.project_media enable row level security;

create policy select_world on public.project_media
  for select to anon
  using (exists (select from public.projects as p where p.id = project_media.project_id));
create policy select_world_and_members on public.project_media
  for select to authenticated
  using (exists (select from public.projects as p where p.id = project_media.project_id));
create policy update_writers on public.project_media
  for update to authenticated
  using (workspace_id = any (array(select app.workspaces_with('portfolio.write'))))
  with check (workspace_id = any (array(select app.workspaces_with('portfolio.write'))));
create policy delete_writers on public.project_media
  for delete to authenticated
  using (workspace_id = any (array(select app.workspaces_with('portfolio.write'))));
comment on policy select_world on public.project_media is 'Who may see the project sees its pictures: the policy of projects decides.';
comment on policy select_world_and_members on public.project_media is 'The same for those who are signed in.';
comment on policy update_writers on public.project_media is 'Writers of the portfolio say what a picture shows.';
comment on policy delete_writers on public.project_media is 'And take it away; the file goes with it.';

revoke all on table public.project_media from public, anon, authenticated, service_role;
grant select on table public.project_media to anon, authenticated, service_role, lamina_worker;
grant delete, update (alt) on table public.project_media to authenticated;

------------------------------------------------------------------------------------------------
-- public.project_codes
------------------------------------------------------------------------------------------------
create table public.project_codes (
  project_id uuid primary key,
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  target text not null,
  png_path text not null unique,
  svg_path text not null unique,
  updated_at timestamptz not null default now(),
  foreign key (project_id, workspace_id) references public.projects (id, workspace_id) on delete cascade
);

comment on table public.project_codes is 'QR codes of published projects, made by the worker.';
comment on column public.project_codes.project_id is 'The project.';
comment on column public.project_codes.target is 'The address that the codes hold.';
comment on column public.project_codes.png_path is 'The code as PNG in the bucket portfolio.';
comment on column public.project_codes.svg_path is 'The code as SVG in the bucket portfolio.';

create index project_codes_project_idx on public.project_codes (project_id, workspace_id);
create index project_codes_workspace_idx on public.project_codes (workspace_id);

alter table public.project_codes enable row level security;

create policy select_world on public.project_codes
  for select to anon
  using (exists (select from public.projects as p where p.id = project_codes.project_id));
create policy select_world_and_members on public.project_codes
  for select to authenticated
  using (exists (select from public.projects as p where p.id = project_codes.project_id));
comment on policy select_world on public.project_codes is 'Who may see the project sees its codes.';
comment on policy select_world_and_members on public.project_codes is 'The same for those who are signed in.';

revoke all on table public.project_codes from public, anon, authenticated, service_role;
grant select on table public.project_codes to anon, authenticated, service_role;
grant select, insert, update on table public.project_codes to lamina_worker;

create function app.broadcast_codes() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform realtime.send(
    jsonb_build_object('project_id', new.project_id, 'target', new.target), 'project.codes', 'workspace:' || new.workspace_id, true);
  return null;
end;
$$;

comment on function app.broadcast_codes() is 'Tells members that a project''s QR codes are there: read the row.';

revoke execute on function app.broadcast_codes() from public, anon, authenticated, service_role;

create trigger broadcast_change after insert or update on public.project_codes
  for each row execute function app.broadcast_codes();
comment on trigger broadcast_change on public.project_codes is 'A waiting client need not ask again and again.';
