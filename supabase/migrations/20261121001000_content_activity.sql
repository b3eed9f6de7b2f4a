-- Purpose:  workspace activity: who did what, for the people who may read the thing it was done to.
-- Risk:     none, new objects only.
-- Way back: drop the tables activity and activity_subjects and the functions of this file (cascade drops the triggers that note).
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- public.activity_subjects
------------------------------------------------------------------------------------------------
create table public.activity_subjects (
  subject_kind text primary key check (subject_kind ~ '^[a-z][a-z_]{1,40}$'),
  permission text not null
);

comment on table public.activity_subjects is 'Things that activity tells of, and what one must hold to hear of them.';
comment on column public.activity_subjects.subject_kind is 'Name of the thing, as note_activity takes it.';
comment on column public.activity_subjects.permission is 'Permission that reads the thing. A thing without a row here is told to owners and admins only.';

alter table public.activity_subjects enable row level security;

create policy select_authenticated on public.activity_subjects for select to authenticated using (true);
comment on policy select_authenticated on public.activity_subjects is 'Everybody signed in: a client offers them as a filter.';

revoke all on table public.activity_subjects from public, anon, authenticated, service_role;
grant select on table public.activity_subjects to authenticated, service_role;

insert into public.activity_subjects (subject_kind, permission) values
  ('document', 'documents.read'), ('comment', 'documents.read'), ('brand', 'workspace.read'), ('member', 'members.read'),
  ('contact', 'contacts.read'), ('lead', 'sales.read'), ('deal', 'sales.read'), ('pipeline', 'sales.read'),
  ('ticket', 'tickets.read'), ('campaign', 'campaigns.read'), ('segment', 'campaigns.read'),
  ('site', 'workspace.read'), ('template', 'workspace.read'), ('project', 'workspace.read'),
  ('course', 'courses.read'), ('lesson', 'courses.read'), ('social_account', 'workspace.read'),
  ('connection', 'integrations.read');

------------------------------------------------------------------------------------------------
-- public.activity
------------------------------------------------------------------------------------------------
create function app.audiences() returns setof text
language sql stable parallel safe security definer set search_path = '' rows 100
begin atomic
  select m.workspace_id || ':' || g.permission
  from public.workspace_members as m
  join public.role_permissions as g on g.role = m.role
  where m.user_id = app.user_id();
end;

comment on function app.audiences() is
  'What the caller holds where, as <workspace_id>:<permission>. For policies of tables whose rows differ in the permission that reads them.';

revoke execute on function app.audiences() from public, anon, authenticated, service_role;
grant execute on function app.audiences() to authenticated;

create table public.activity (
  id bigint generated always as identity primary key,
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  actor_id uuid,
  verb text not null check (verb ~ '^[a-z][a-z_]{1,40}$'),
  subject_kind text not null check (subject_kind ~ '^[a-z][a-z_]{1,40}$'),
  subject_id uuid,
  detail jsonb not null default '{}' check (jsonb_typeof(detail) = 'object' and length(detail::text) <= 4000),
  audience text not null,
  created_at timestamptz not null default now()
);

comment on table public.activity is 'Who did what in a workspace, newest last, append-only. For people; what security needs is in audit_log.';
comment on column public.activity.actor_id is 'app.user_id() of who did it; null when the platform did.';
comment on column public.activity.verb is 'What was done, in the past: created, commented, moved.';
comment on column public.activity.subject_kind is 'What it was done to; see activity_subjects.';
comment on column public.activity.subject_id is 'Which one; it may be gone.';
comment on column public.activity.detail is 'What a line for people needs: a title, from and to. Small, and never a secret.';
comment on column public.activity.audience is 'Who reads it: <workspace_id>:<permission>, from activity_subjects at that time.';

create index activity_workspace_idx on public.activity (workspace_id, id desc);
create index activity_kind_idx on public.activity (workspace_id, subject_kind, id desc);
create index activity_subject_idx on public.activity (subject_id, id desc);
create index activity_audience_idx on public.activity (audience, id desc);
create index activity_age_idx on public.activity (created_at);

alter table public.activity enable row level security;

create policy select_audience on public.activity
  for select to authenticated
  using (audience = any (array(select app.audiences())));
comment on policy select_audience on public.activity is 'Who may read the thing may know what was done to it, in each workspace by the role there.';

revoke all on table public.activity from public, anon, authenticated, service_role;
revoke all on sequence public.activity_id_seq from public, anon, authenticated, service_role;
grant select on table public.activity to authenticated, service_role;

------------------------------------------------------------------------------------------------
-- Noting
------------------------------------------------------------------------------------------------
create function app.note_activity(
  p_workspace_id uuid, p_actor uuid, p_verb text, p_subject_kind text, p_subject_id uuid, p_detail jsonb default '{}'
) returns void
language sql volatile security definer set search_path = ''
begin atomic
  insert into public.activity (workspace_id, actor_id, verb, subject_kind, subject_id, detail, audience)
  select w.id, p_actor, p_verb, p_subject_kind, p_subject_id, p_detail,
    w.id || ':' || coalesce(s.permission, 'audit.read')
  from public.workspaces as w
  left join public.activity_subjects as s on s.subject_kind = p_subject_kind
  where w.id = p_workspace_id;
end;

comment on function app.note_activity(uuid, uuid, text, text, uuid, jsonb) is
  'Notes what was done, in the transaction that does it; nothing when the workspace is on its way out. Internal, and for the worker.';

create function app.note_activity_of() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_row jsonb := to_jsonb(case when tg_op = 'DELETE' then old else new end);
  v_title text := left(coalesce(v_row ->> 'title', v_row ->> 'name', v_row ->> 'subject'), 200);
begin
  perform app.note_activity(
    (v_row ->> 'workspace_id')::uuid, app.user_id(),
    case tg_op when 'INSERT' then 'created' when 'UPDATE' then 'updated' else 'deleted' end,
    tg_argv[0], (v_row ->> 'id')::uuid,
    case when v_title is null then '{}' else jsonb_build_object('title', v_title) end);
  return null;
end;
$$;

comment on function app.note_activity_of() is
  'Trigger, after insert, update or delete for each row of a table with id and workspace_id; its argument is the subject kind. Not for bulk imports: note those once.';

create function app.broadcast_activity() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform realtime.send(
    jsonb_build_object('id', new.id, 'verb', new.verb, 'subject_kind', new.subject_kind, 'actor_id', new.actor_id),
    'activity', 'workspace:' || new.workspace_id, true);
  return null;
end;
$$;

comment on function app.broadcast_activity() is 'A hint to every member that something was done, without what it was done to: reading the row needs the right.';

create trigger broadcast_insert after insert on public.activity
  for each row execute function app.broadcast_activity();
comment on trigger broadcast_insert on public.activity is 'What was done shows at once.';

------------------------------------------------------------------------------------------------
-- Reading
------------------------------------------------------------------------------------------------
create function public.list_activity(
  p_workspace_id uuid, p_before bigint default null, p_limit int default 50, p_subject_kind text default null,
  p_subject_id uuid default null
) returns setof public.activity
language plpgsql stable security invoker set search_path = '' as $$
begin
  perform app.require_permission(p_workspace_id, 'workspace.read');
  return query
    select a.* from public.activity as a
    where a.workspace_id = p_workspace_id
      and (p_before is null or a.id < p_before)
      and (p_subject_kind is null or a.subject_kind = p_subject_kind)
      and (p_subject_id is null or a.subject_id = p_subject_id)
    order by a.id desc
    limit greatest(1, least(200, coalesce(p_limit, 50)));
end;
$$;

comment on function public.list_activity(uuid, bigint, int, text, uuid) is
  'What was done in a workspace, newest first, as far as the caller may know; p_before is the id of the last row of the page before. Errors: workspace.not_found.';

------------------------------------------------------------------------------------------------
-- Memory ends
------------------------------------------------------------------------------------------------
create function app.purge_activity(p_older_than interval, p_limit int default 10000) returns bigint
language sql volatile security definer set search_path = ''
begin atomic
  with gone as (
    delete from public.activity as a
    where a.id in (select o.id from public.activity as o where o.created_at < now() - p_older_than order by o.created_at limit p_limit)
    returning 1)
  select count(*) from gone;
end;

comment on function app.purge_activity(interval, int) is 'Deletes activity older than this, at most p_limit; returns how many.';

revoke execute on function app.note_activity(uuid, uuid, text, text, uuid, jsonb) from public, anon, authenticated, service_role;
revoke execute on function app.note_activity_of() from public, anon, authenticated, service_role;
revoke execute on function app.broadcast_activity() from public, anon, authenticated, service_role;
revoke execute on function public.list_activity(uuid, bigint, int, text, uuid) from public, anon, authenticated, service_role;
revoke execute on function app.purge_activity(interval, int) from public, anon, authenticated, service_role;
grant execute on function app.note_activity(uuid, uuid, text, text, uuid, jsonb) to lamina_worker;
grant execute on function public.list_activity(uuid, bigint, int, text, uuid) to authenticated;
grant execute on function app.purge_activity(interval, int) to lamina_worker;
