-- Purpose:  how many people looked at a project, per day, without a write per look and without knowing who.
-- Risk:     none, new objects only. The buffer is unlogged: a crash of the server loses what was not rolled up.
-- Way back: drop the three tables and the functions of this file.
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- public.project_views
------------------------------------------------------------------------------------------------
create table public.project_views (
  project_id uuid not null,
  day date not null,
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  visitors int not null check (visitors >= 0),
  primary key (project_id, day),
  foreign key (project_id, workspace_id) references public.projects (id, workspace_id) on delete cascade
);

comment on table public.project_views is 'Visitors of projects per day (UTC), counted by the worker every quarter of an hour.';
comment on column public.project_views.project_id is 'The project.';
comment on column public.project_views.day is 'The day, UTC.';
comment on column public.project_views.visitors is 'Different addresses that looked that day, without members of the workspace and known robots; at most about 100,000. It never falls.';

create index project_views_project_idx on public.project_views (project_id, workspace_id);
create index project_views_workspace_idx on public.project_views (workspace_id, day);

alter table public.project_views enable row level security;

create policy select_members on public.project_views
  for select to authenticated
  using (workspace_id = any (array(select app.workspaces_with('workspace.read'))));
comment on policy select_members on public.project_views is 'Members see how their works are looked at.';

revoke all on table public.project_views from public, anon, authenticated, service_role;
grant select on table public.project_views to authenticated, service_role;

------------------------------------------------------------------------------------------------
-- app.view_salts, app.view_buffer
------------------------------------------------------------------------------------------------
create unlogged table app.view_salts (
  day date primary key,
  salt bytea not null
);

comment on table app.view_salts is
  'A random number per day that goes into visitors'' hashes. Deleted when the day is over; unlogged, so that no backup keeps it.';

create unlogged table app.view_buffer (
  project_id uuid not null,
  day date not null,
  visitor bytea not null,
  primary key (project_id, day, visitor)
);

comment on table app.view_buffer is
  'Today''s visitors as hashes of salt, project and address: no two days and no two projects can be linked. Deleted when the day is over. Without foreign key, since that would lock the project with each look.';

alter table app.view_salts enable row level security;
alter table app.view_buffer enable row level security;

revoke all on table app.view_salts from public, anon, authenticated, service_role;
revoke all on table app.view_buffer from public, anon, authenticated, service_role;

------------------------------------------------------------------------------------------------
-- Looking, counting
------------------------------------------------------------------------------------------------
create function app.view_salt(p_day date) returns bytea
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_salt bytea;
begin
  select s.salt into v_salt from app.view_salts as s where s.day = p_day;
  if not found then
    insert into app.view_salts (day, salt) values (p_day, sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())))
    on conflict (day) do nothing;
    select s.salt into v_salt from app.view_salts as s where s.day = p_day;
  end if;
  return v_salt;
end;
$$;

comment on function app.view_salt(date) is 'The day''s salt, made at its first use. Internal.';

create function app.note_project_view(p_project_id uuid) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_headers jsonb := nullif(current_setting('request.headers', true), '')::jsonb;
  v_address text := coalesce(v_headers ->> 'cf-connecting-ip', split_part(v_headers ->> 'x-forwarded-for', ',', 1), '');
  v_day date := (now() at time zone 'utc')::date;
begin
  if v_headers ->> 'user-agent' ~* 'bot|crawl|spider|slurp|preview|headless' then
    return;
  end if;
  perform from public.projects as p
  join public.portfolios as f on f.workspace_id = p.workspace_id and f.public_username is not null
  where p.id = p_project_id and p.status = 'published' and not app.has_permission(p.workspace_id, 'workspace.read');
  if found then
    -- Hashes are spread evenly: 98 in the first 1,024th of them mean about 100,000, and more are not taken in.
    insert into app.view_buffer (project_id, day, visitor)
    select p_project_id, v_day, sha256(
      app.view_salt(v_day) || uuid_send(p_project_id) || convert_to(left(v_address, 100), 'UTF8'))
    where (select count(*) from (
      select from app.view_buffer as b
      where b.project_id = p_project_id and b.day = v_day and b.visitor < '\x0040' limit 98) as low) < 98
    on conflict do nothing;
  end if;
end;
$$;

comment on function app.note_project_view(uuid) is
  'Behind public.note_project_view. The first look from an address a day writes one unlogged row, every other one nothing, and nothing beyond about 100,000 a project and day. Silent about what does not count.';

create function app.roll_up_views() returns int
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_count int;
begin
  insert into public.project_views as v (project_id, day, workspace_id, visitors)
  select p.id, b.day, p.workspace_id, count(*)
  from app.view_buffer as b
  join public.projects as p on p.id = b.project_id
  group by p.id, b.day
  on conflict (project_id, day) do update set visitors = greatest(v.visitors, excluded.visitors);
  get diagnostics v_count = row_count;
  delete from app.view_buffer as b where b.day < ((now() - interval '10 minutes') at time zone 'utc')::date;
  delete from app.view_salts as s where s.day < ((now() - interval '10 minutes') at time zone 'utc')::date;
  return v_count;
end;
$$;

comment on function app.roll_up_views() is
  'Counts the buffer anew and sets the days'' figures, so that doing it twice changes nothing; forgets visitors of days that are over. Returns how many figures were set.';

revoke execute on function app.view_salt(date) from public, anon, authenticated, service_role;
revoke execute on function app.note_project_view(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.roll_up_views() from public, anon, authenticated, service_role;
grant execute on function app.note_project_view(uuid) to anon, authenticated;
grant execute on function app.roll_up_views() to lamina_worker;
