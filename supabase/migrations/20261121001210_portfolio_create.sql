-- Purpose:  portfolios by username and projects that the world reads once they are published.
-- Risk:     a trigger on public.profiles: a changed username moves the portfolio's address.
-- Way back: drop the two tables and the functions of this file (cascade drops the trigger); delete the permission portfolio.write.
set local lock_timeout = '5s';

insert into public.role_permissions (role, permission)
select role, 'portfolio.write' from unnest('{owner,admin,editor}'::text[]) as role;

------------------------------------------------------------------------------------------------
-- formats
------------------------------------------------------------------------------------------------
create function app.are_tags(p_tags text[]) returns boolean
language sql immutable parallel safe set search_path = ''
return cardinality(p_tags) <= 20 and array_ndims(p_tags) is not distinct from nullif(sign(cardinality(p_tags))::int, 0)
  and not exists (select from unnest(p_tags) as t where t is null or not app.is_name(t) or length(t) > 40)
  and cardinality(p_tags) = (select count(distinct lower(t)) from unnest(p_tags) as t);

comment on function app.are_tags(text[]) is 'At most 20 different words of at most 40 characters.';

create function app.are_links(p_links jsonb) returns boolean
language sql immutable parallel safe set search_path = ''
return case when jsonb_typeof(p_links) = 'array' then
  jsonb_array_length(p_links) <= 10 and not exists (
    select from jsonb_array_elements(p_links) as l
    where jsonb_typeof(l) <> 'object' or not l ?& '{label,url}' or l - '{label,url}'::text[] <> '{}'
      or jsonb_typeof(l -> 'label') <> 'string' or jsonb_typeof(l -> 'url') <> 'string'
      or not app.is_name(l ->> 'label') or not app.is_web_address(l ->> 'url'))
  else false end;

comment on function app.are_links(jsonb) is 'At most ten objects of a label and a web address.';

revoke execute on function app.are_tags(text[]) from public, anon, authenticated, service_role;
revoke execute on function app.are_links(jsonb) from public, anon, authenticated, service_role;
grant execute on function app.are_tags(text[]) to authenticated, service_role;
grant execute on function app.are_links(jsonb) to authenticated, service_role;

------------------------------------------------------------------------------------------------
-- public.portfolios
------------------------------------------------------------------------------------------------
create table public.portfolios (
  workspace_id uuid primary key references public.workspaces (id) on delete cascade,
  user_id uuid not null default app.user_id(),
  is_public boolean not null default false,
  public_username text unique,
  title text not null check (app.is_name(title)),
  headline text not null default '' check (length(headline) <= 200),
  about text not null default '' check (length(about) <= 5000),
  location text not null default '' check (length(location) <= 100),
  avatar_url text check (app.is_web_address(avatar_url)),
  links jsonb not null default '[]' check (app.are_links(links)),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  foreign key (workspace_id, user_id) references public.workspace_members (workspace_id, user_id) on delete cascade,
  check ((public_username is not null) = is_public)
);

comment on table public.portfolios is 'How a workspace shows itself: the world sees it once is_public is set.';
comment on column public.portfolios.user_id is 'The member who opened it, whose username is its address; it closes when they leave.';
comment on column public.portfolios.is_public is 'Whether the world sees it and the published projects.';
comment on column public.portfolios.public_username is 'Its address while it is public, in small letters: that user''s username. Kept by triggers.';
comment on column public.portfolios.title is 'Name that the world sees.';
comment on column public.portfolios.headline is 'One line under it.';
comment on column public.portfolios.about is 'A text about who shows their work, Markdown.';
comment on column public.portfolios.location is 'Where they are, in their words.';
comment on column public.portfolios.avatar_url is 'Web address of a picture.';
comment on column public.portfolios.links is 'Up to ten of {"label", "url"}.';

create index portfolios_member_idx on public.portfolios (workspace_id, user_id);
create index portfolios_user_idx on public.portfolios (user_id);

alter table public.portfolios enable row level security;

create policy select_world on public.portfolios for select to anon using (public_username is not null);
create policy select_world_and_members on public.portfolios
  for select to authenticated
  using (public_username is not null or workspace_id = any (array(select app.workspaces_with('workspace.read'))));
create policy insert_writers on public.portfolios
  for insert to authenticated
  with check (workspace_id = any (array(select app.workspaces_with('portfolio.write'))));
create policy update_writers on public.portfolios
  for update to authenticated
  using (workspace_id = any (array(select app.workspaces_with('portfolio.write'))))
  with check (workspace_id = any (array(select app.workspaces_with('portfolio.write'))));
create policy delete_writers on public.portfolios
  for delete to authenticated
  using (workspace_id = any (array(select app.workspaces_with('portfolio.write'))));
comment on policy select_world on public.portfolios is 'What is public is for everybody.';
comment on policy select_world_and_members on public.portfolios is 'Members see their portfolio before the world does.';
comment on policy insert_writers on public.portfolios is 'Those who write the portfolio open it, under their own username.';
comment on policy update_writers on public.portfolios is 'And change, show and hide it.';
comment on policy delete_writers on public.portfolios is 'And take it away; projects stay.';

revoke all on table public.portfolios from public, anon, authenticated, service_role;
grant select (workspace_id, public_username, title, headline, about, location, avatar_url, links, created_at, updated_at)
  on table public.portfolios to anon;
grant select on table public.portfolios to authenticated, service_role, lamina_worker;
grant delete, insert (workspace_id, is_public, title, headline, about, location, avatar_url, links),
  update (is_public, title, headline, about, location, avatar_url, links) on table public.portfolios to authenticated;

create function app.guard_portfolio() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  if app.is_name(new.title) is not true then
    perform app.fail(400, 'portfolio.bad_title', 'This name cannot be used.', 'Use 1 to 100 characters.');
  elsif app.is_web_address(new.avatar_url) is false then
    perform app.fail(400, 'portfolio.bad_picture', 'This is not the address of a picture.', 'Use a full http(s) address.');
  elsif app.are_links(new.links) is not true then
    perform app.fail(400, 'portfolio.bad_links', 'These links cannot be used.', 'Use up to ten of {"label", "url"} with full http(s) addresses.');
  elsif not new.is_public then
    new.public_username := null;
    return new;
  end if;
  select lower(p.username) into new.public_username from public.profiles as p where p.user_id = new.user_id;
  if new.public_username is null then
    perform app.fail(409, 'portfolio.no_username', 'Who opened this portfolio has no username, so it has no address.',
      'Choose a username in the profile first.');
  elsif exists (
    select from public.portfolios as f
    where f.public_username = new.public_username and f.workspace_id <> new.workspace_id) then
    perform app.fail(409, 'portfolio.username_used', 'Another portfolio is public under this username.', 'Hide that one first.');
  end if;
  return new;
end;
$$;

comment on function app.guard_portfolio() is 'Trigger: refuses in words; the address of a public portfolio is the username of who opened it, or it is not public.';

create function app.follow_username() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  update public.portfolios as f set is_public = new.username is not null
  where f.user_id = new.user_id and f.is_public;
  return null;
end;
$$;

comment on function app.follow_username() is 'Trigger: a public portfolio moves with the username, and closes without one.';

revoke execute on function app.guard_portfolio() from public, anon, authenticated, service_role;
revoke execute on function app.follow_username() from public, anon, authenticated, service_role;

create trigger guard_portfolio before insert or update on public.portfolios
  for each row execute function app.guard_portfolio();
comment on trigger guard_portfolio on public.portfolios is 'Keeps public_username.';
create trigger touch_updated_at before update on public.portfolios
  for each row execute function app.touch_updated_at();
comment on trigger touch_updated_at on public.portfolios is 'Stamps updated_at.';
create trigger follow_username after update of username on public.profiles
  for each row when (new.username is distinct from old.username)
  execute function app.follow_username();
comment on trigger follow_username on public.profiles is 'Portfolios follow.';

------------------------------------------------------------------------------------------------
-- public.projects
------------------------------------------------------------------------------------------------
create table public.projects (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  slug text not null check (app.is_slug(slug)),
  title text not null check (app.is_name(title)),
  summary text not null default '' check (length(summary) <= 300),
  description text not null default '' check (length(description) <= 20000),
  live_url text check (app.is_web_address(live_url)),
  source_url text check (app.is_web_address(source_url)),
  tags text[] not null default '{}' check (app.are_tags(tags)),
  technologies text[] not null default '{}' check (app.are_tags(technologies)),
  status text not null default 'draft' check (status in ('draft', 'published', 'archived')),
  published_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (workspace_id, slug),
  unique (id, workspace_id)
);

comment on table public.projects is 'Works of a portfolio. The world sees the published ones while the portfolio is public.';
comment on column public.projects.slug is 'Its address under the portfolio.';
comment on column public.projects.title is 'Name that the world sees.';
comment on column public.projects.summary is 'One or two sentences, for lists.';
comment on column public.projects.description is 'The whole story, Markdown.';
comment on column public.projects.live_url is 'Where the work itself can be seen.';
comment on column public.projects.source_url is 'Where its source is.';
comment on column public.projects.tags is 'What it is about: up to 20 words.';
comment on column public.projects.technologies is 'What it is made with: up to 20 words.';
comment on column public.projects.status is 'draft, published or archived; any of them may follow any other.';
comment on column public.projects.published_at is 'When it was first published.';

create index projects_status_idx on public.projects (status, published_at desc);
create index projects_tags_idx on public.projects using gin (tags);
create index projects_technologies_idx on public.projects using gin (technologies);

alter table public.projects enable row level security;

create policy select_world on public.projects
  for select to anon
  using (status = 'published' and exists (
    select from public.portfolios as f where f.workspace_id = projects.workspace_id and f.public_username is not null));
create policy select_world_and_members on public.projects
  for select to authenticated
  using (
    workspace_id = any (array(select app.workspaces_with('workspace.read')))
    or (status = 'published' and exists (
      select from public.portfolios as f where f.workspace_id = projects.workspace_id and f.public_username is not null)));
create policy insert_writers on public.projects
  for insert to authenticated
  with check (workspace_id = any (array(select app.workspaces_with('portfolio.write'))));
create policy update_writers on public.projects
  for update to authenticated
  using (workspace_id = any (array(select app.workspaces_with('portfolio.write'))))
  with check (workspace_id = any (array(select app.workspaces_with('portfolio.write'))));
create policy delete_writers on public.projects
  for delete to authenticated
  using (workspace_id = any (array(select app.workspaces_with('portfolio.write'))));
comment on policy select_world on public.projects is 'Published works of public portfolios are for everybody; drafts and archived ones for nobody outside.';
comment on policy select_world_and_members on public.projects is 'Members see all works of theirs.';
comment on policy insert_writers on public.projects is 'Those who write the portfolio add works.';
comment on policy update_writers on public.projects is 'And change, publish and archive them.';
comment on policy delete_writers on public.projects is 'And delete them, with their files.';

revoke all on table public.projects from public, anon, authenticated, service_role;
grant select on table public.projects to anon, authenticated, service_role, lamina_worker;
grant delete, insert (workspace_id, slug, title, summary, description, live_url, source_url, tags, technologies, status),
  update (slug, title, summary, description, live_url, source_url, tags, technologies, status) on table public.projects to authenticated;
