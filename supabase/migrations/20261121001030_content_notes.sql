-- Purpose:  what is done to documents and members shows in the activity, who left keeps a name there, and old activity goes.
-- Risk:     triggers on documents, document_versions and workspace_members that append to activity.
-- Way back: put app.visible_profiles back as 000200 has it; drop the functions of this file (cascade drops the triggers) and
--           the table app.former_members; delete the job kind ops.purge_activity.
set local lock_timeout = '5s';

insert into app.job_kinds (kind, lane, max_attempts, provider, cost) values ('ops.purge_activity', 'bulk', 3, null, 1);

------------------------------------------------------------------------------------------------
-- Documents
------------------------------------------------------------------------------------------------
create function app.note_document() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_row public.documents := case when tg_op = 'DELETE' then old else new end;
begin
  perform app.note_activity(
    v_row.workspace_id, coalesce(app.user_id(), case when tg_op = 'INSERT' then v_row.created_by end),
    case tg_op when 'INSERT' then 'created' when 'UPDATE' then 'renamed' else 'deleted' end, 'document', v_row.id,
    jsonb_build_object('title', left(v_row.title, 200), 'kind', v_row.kind))
  where to_jsonb(v_row) ->> 'lesson_id' is null;
  return null;
end;
$$;

comment on function app.note_document() is 'Trigger: a document came, has another name or went. Parts of lessons have readers of their own and are left out.';

create trigger note_came after insert on public.documents
  for each row execute function app.note_document();
comment on trigger note_came on public.documents is 'A new document shows in the activity.';
create trigger note_renamed after update of title on public.documents
  for each row when (new.title <> old.title)
  execute function app.note_document();
comment on trigger note_renamed on public.documents is 'So does another name.';
create trigger note_went after delete on public.documents
  for each row execute function app.note_document();
comment on trigger note_went on public.documents is 'And its end.';

create function app.note_version() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform app.note_activity(
    new.workspace_id, new.created_by, case when new.restored_from is null then 'saved' else 'restored' end, 'document', d.id,
    jsonb_build_object('title', left(d.title, 200), 'version', new.version, 'restored_from', new.restored_from))
  from public.documents as d
  where d.id = new.document_id and to_jsonb(d) ->> 'lesson_id' is null;
  return null;
end;
$$;

comment on function app.note_version() is 'Trigger: a document has a new version.';

create trigger note_saved after insert on public.document_versions
  for each row when (new.version > 1)
  execute function app.note_version();
comment on trigger note_saved on public.document_versions is 'The first version comes with the document, which is noted already.';

------------------------------------------------------------------------------------------------
-- Members
------------------------------------------------------------------------------------------------
create function app.note_member() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_row public.workspace_members := case when tg_op = 'DELETE' then old else new end;
begin
  perform app.note_activity(
    v_row.workspace_id, app.user_id(),
    case tg_op when 'INSERT' then 'joined' when 'UPDATE' then 'changed_role' else 'left' end, 'member', v_row.user_id,
    jsonb_build_object('role', v_row.role));
  return null;
end;
$$;

comment on function app.note_member() is 'Trigger: a member came, has another role or went, of themselves or by the actor.';

create trigger note_joined after insert on public.workspace_members
  for each row execute function app.note_member();
comment on trigger note_joined on public.workspace_members is 'A new member shows in the activity.';
create trigger note_changed after update of role on public.workspace_members
  for each row when (new.role <> old.role)
  execute function app.note_member();
comment on trigger note_changed on public.workspace_members is 'So does another role.';
create trigger note_left after delete on public.workspace_members
  for each row execute function app.note_member();
comment on trigger note_left on public.workspace_members is 'And that one went.';

------------------------------------------------------------------------------------------------
-- app.former_members
------------------------------------------------------------------------------------------------
create table app.former_members (
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  user_id uuid not null references public.profiles (user_id) on delete cascade,
  left_at timestamptz not null default now(),
  primary key (workspace_id, user_id)
);

comment on table app.former_members is
  'Who was a member of a workspace: what they wrote and did stands there, so their profile stays to be seen. Goes with the profile.';

create index former_members_user_idx on app.former_members (user_id);

alter table app.former_members enable row level security;

revoke all on table app.former_members from public, anon, authenticated, service_role;

create function app.keep_former_member() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  insert into app.former_members (workspace_id, user_id)
  select w.id, old.user_id from public.workspaces as w where w.id = old.workspace_id
  on conflict (workspace_id, user_id) do update set left_at = excluded.left_at;
  return null;
end;
$$;

comment on function app.keep_former_member() is 'Trigger: a member went; nothing when the workspace goes with them.';

create trigger keep_former after delete on public.workspace_members
  for each row execute function app.keep_former_member();
comment on trigger keep_former on public.workspace_members is 'The history of a workspace keeps the names of its authors.';

create or replace function app.visible_profiles()
returns setof uuid
language sql stable parallel safe security definer set search_path = ''
as $$
  select member.user_id
  from public.workspace_members as member
  where member.workspace_id = any(array(select app.workspaces_with('members.read')))
  union all
  select former.user_id
  from app.former_members as former
  where former.workspace_id = any(array(select app.workspaces_with('members.read')));
$$;

comment on function app.visible_profiles() is
  'Users who share a workspace with the caller in which the caller may see the members, or were there before.';
comment on policy select_self_and_co_members on public.profiles is
  'Members see the names of those they work with, and of those who left and whose words still stand; strangers nothing.';

revoke execute on function app.note_document() from public, anon, authenticated, service_role;
revoke execute on function app.note_version() from public, anon, authenticated, service_role;
revoke execute on function app.keep_former_member() from public, anon, authenticated, service_role;
revoke execute on function app.note_member() from public, anon, authenticated, service_role;
