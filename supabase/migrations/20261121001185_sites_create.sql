-- Purpose:  templates and sites with append-only versions, what is published of them, design sessions.
-- Risk:     none, new objects only.
-- Way back: drop the six tables and app.guard_snapshot.
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- public.templates
------------------------------------------------------------------------------------------------
create table public.templates (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid references public.workspaces (id) on delete cascade,
  kind text not null check (kind in ('site', 'layout', 'email')),
  name text not null check (app.is_name(name)),
  description text not null default '' check (length(description) <= 500),
  version int not null default 1 check (version >= 1),
  created_by uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

comment on table public.templates is 'What sites begin with: the catalogue for all, and each workspace''s own.';
comment on column public.templates.workspace_id is 'Whose it is; null in the catalogue, which comes with the installation.';
comment on column public.templates.kind is 'site: fork_template makes a website of it; layout: one page, which add_site_page puts into a site; email: one page, of which template_text makes a campaign''s text.';
comment on column public.templates.name is 'Name for people, not unique.';
comment on column public.templates.description is 'What it is good for.';
comment on column public.templates.version is 'The newest version, to be given back with save_template.';

create index templates_workspace_idx on public.templates (workspace_id, kind, created_at desc);

alter table public.templates enable row level security;

create policy select_members on public.templates
  for select to authenticated
  using (workspace_id is null or workspace_id = any (array(select app.workspaces_with('workspace.read'))));
comment on policy select_members on public.templates is 'The catalogue is everybody''s; a workspace''s own are its members''. They are written by functions.';

revoke all on table public.templates from public, anon, authenticated, service_role;
grant select on table public.templates to authenticated, service_role;

create trigger touch_updated_at before update on public.templates
  for each row execute function app.touch_updated_at();
comment on trigger touch_updated_at on public.templates is 'Stamps updated_at.';
create trigger note_activity after insert or delete on public.templates
  for each row execute function app.note_activity_of('template');
comment on trigger note_activity on public.templates is 'Members see what came and went.';

------------------------------------------------------------------------------------------------
-- public.template_versions
------------------------------------------------------------------------------------------------
create table public.template_versions (
  template_id uuid not null references public.templates (id) on delete cascade,
  version int not null check (version >= 1),
  workspace_id uuid references public.workspaces (id) on delete cascade,
  content jsonb not null,
  created_by uuid,
  created_at timestamptz not null default now(),
  primary key (template_id, version)
);

comment on table public.template_versions is 'Contents of templates, never changed; the newest 100 of each are kept.';
comment on column public.template_versions.version is 'Counts from 1; no number is given twice.';
comment on column public.template_versions.workspace_id is 'As in the template.';
comment on column public.template_versions.content is 'Theme and pages, as site_schema says.';

create index template_versions_workspace_idx on public.template_versions (workspace_id);

alter table public.template_versions enable row level security;

create policy select_members on public.template_versions
  for select to authenticated
  using (workspace_id is null or workspace_id = any (array(select app.workspaces_with('workspace.read'))));
comment on policy select_members on public.template_versions is 'Who sees the template sees its contents.';

revoke all on table public.template_versions from public, anon, authenticated, service_role;
grant select on table public.template_versions to authenticated, service_role;

------------------------------------------------------------------------------------------------
-- public.sites
------------------------------------------------------------------------------------------------
create table public.sites (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  template_id uuid references public.templates (id) on delete set null,
  template_version int,
  name text not null check (app.is_name(name)),
  slug text not null unique check (app.is_slug(slug)),
  version int not null default 1 check (version >= 1),
  live_version int,
  created_by uuid not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

comment on table public.sites is 'A project made from a template. Its contents are in site_versions, what the world sees in site_snapshots.';
comment on column public.sites.template_id is 'What it was made from; null when that is gone.';
comment on column public.sites.template_version is 'Which version of that. Later versions of the template change nothing here.';
comment on column public.sites.name is 'Name for people, and of the published site.';
comment on column public.sites.slug is 'Its address among all sites of the installation, from its next publication on.';
comment on column public.sites.version is 'The newest version, to be given back with save_site.';
comment on column public.sites.live_version is 'The version that the world sees; null when none.';

create index sites_workspace_idx on public.sites (workspace_id, updated_at desc);
create index sites_template_idx on public.sites (template_id) where template_id is not null;

alter table public.sites enable row level security;

create policy select_members on public.sites
  for select to authenticated
  using (workspace_id = any (array(select app.workspaces_with('workspace.read'))));
comment on policy select_members on public.sites is 'Members see the sites they make together. They are written by functions.';

revoke all on table public.sites from public, anon, authenticated, service_role;
grant select on table public.sites to authenticated, service_role;

create trigger touch_updated_at before update on public.sites
  for each row execute function app.touch_updated_at();
comment on trigger touch_updated_at on public.sites is 'Stamps updated_at.';
create trigger note_activity after insert or delete on public.sites
  for each row execute function app.note_activity_of('site');
comment on trigger note_activity on public.sites is 'Members see what came and went.';

------------------------------------------------------------------------------------------------
-- public.site_versions
------------------------------------------------------------------------------------------------
create table public.site_versions (
  site_id uuid not null references public.sites (id) on delete cascade,
  version int not null check (version >= 1),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  content jsonb not null,
  created_by uuid not null,
  created_at timestamptz not null default now(),
  primary key (site_id, version)
);

comment on table public.site_versions is 'Contents of sites, never changed; the newest 100 of each and those in site_snapshots are kept.';
comment on column public.site_versions.version is 'Counts from 1; no number is given twice.';
comment on column public.site_versions.content is 'Theme and pages, as site_schema says.';

create index site_versions_workspace_idx on public.site_versions (workspace_id);

alter table public.site_versions enable row level security;

create policy select_members on public.site_versions
  for select to authenticated
  using (workspace_id = any (array(select app.workspaces_with('workspace.read'))));
comment on policy select_members on public.site_versions is 'Who sees the site sees its drafts.';

revoke all on table public.site_versions from public, anon, authenticated, service_role;
grant select on table public.site_versions to authenticated, service_role;

------------------------------------------------------------------------------------------------
-- public.site_snapshots
------------------------------------------------------------------------------------------------
create table public.site_snapshots (
  id uuid primary key default gen_random_uuid(),
  site_id uuid not null references public.sites (id) on delete cascade,
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  version int not null,
  slug text not null check (app.is_slug(slug)),
  live_slug text unique check (live_slug = slug),
  name text not null,
  content jsonb not null,
  published_at timestamptz not null default now()
);

comment on table public.site_snapshots is 'Publications of sites: copies that nobody changes, the newest 100 of each site. The world reads those that have a live_slug.';
comment on column public.site_snapshots.version is 'The version of the site that was published.';
comment on column public.site_snapshots.slug is 'The site''s slug at that time.';
comment on column public.site_snapshots.live_slug is 'The same while the world sees it; null when it was replaced or taken back, for ever.';
comment on column public.site_snapshots.name is 'The site''s name at that time.';
comment on column public.site_snapshots.content is 'Theme and pages.';
comment on column public.site_snapshots.published_at is 'When it was published.';

create unique index site_snapshots_live_idx on public.site_snapshots (site_id) where live_slug is not null;
create index site_snapshots_site_idx on public.site_snapshots (site_id, published_at desc);
create index site_snapshots_workspace_idx on public.site_snapshots (workspace_id);

alter table public.site_snapshots enable row level security;

create policy select_world on public.site_snapshots for select to anon using (live_slug is not null);
create policy select_world_and_members on public.site_snapshots
  for select to authenticated
  using (live_slug is not null or workspace_id = any (array(select app.workspaces_with('workspace.read'))));
comment on policy select_world on public.site_snapshots is 'What is published is for everybody.';
comment on policy select_world_and_members on public.site_snapshots is 'Members also see what was published before.';

revoke all on table public.site_snapshots from public, anon, authenticated, service_role;
grant select (id, site_id, version, slug, live_slug, name, content, published_at) on table public.site_snapshots to anon;
grant select on table public.site_snapshots to authenticated, service_role;

create function app.guard_snapshot() returns trigger
language plpgsql volatile set search_path = '' as $$
begin
  if new.live_slug is not null or to_jsonb(new) - 'live_slug' <> to_jsonb(old) - 'live_slug' then
    perform app.fail(409, 'site.snapshot_fixed', 'A publication is never changed, only taken back.', 'Publish again.');
  end if;
  return new;
end;
$$;

comment on function app.guard_snapshot() is 'Trigger: whoever writes, a publication stays what it was.';

revoke execute on function app.guard_snapshot() from public, anon, authenticated, service_role;

create trigger guard_snapshot before update on public.site_snapshots
  for each row execute function app.guard_snapshot();
comment on trigger guard_snapshot on public.site_snapshots is 'Publications are immutable.';

------------------------------------------------------------------------------------------------
-- public.site_designs
------------------------------------------------------------------------------------------------
create table public.site_designs (
  task_id uuid primary key references public.ai_tasks (id) on delete cascade,
  site_id uuid not null references public.sites (id) on delete cascade,
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  page text not null,
  applied_version int,
  created_by uuid not null,
  created_at timestamptz not null default now()
);

comment on table public.site_designs is 'Sessions of the design assistant: which task works for which page. Private to who asked, as the tasks are.';
comment on column public.site_designs.page is 'Path of the page it is for.';
comment on column public.site_designs.applied_version is 'Version of the site that took it over last; null while none did.';

create index site_designs_site_idx on public.site_designs (site_id, created_at desc);
create index site_designs_workspace_idx on public.site_designs (workspace_id);
create index site_designs_created_by_idx on public.site_designs (created_by, created_at desc);

alter table public.site_designs enable row level security;

create policy select_own on public.site_designs
  for select to authenticated
  using (created_by = (select app.user_id()) and workspace_id = any (array(select app.workspaces_with('workspace.read'))));
comment on policy select_own on public.site_designs is 'As with the tasks: who asked, while they are a member. Written by functions.';

revoke all on table public.site_designs from public, anon, authenticated, service_role;
grant select on table public.site_designs to authenticated, service_role;
