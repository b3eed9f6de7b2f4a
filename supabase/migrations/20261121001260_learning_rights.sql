-- Purpose:  who reads and writes what belongs to a lesson: policies of documents, versions, chunks, recordings, notes and of two buckets.
-- Risk:     policies of busy tables change; what belongs to no lesson is read as before. Short locks on storage.objects.
-- Way back: alter the policies back to their form in knowledge_documents, knowledge_uploads, voice_recordings, voice_uploads and
--           knowledge_history; drop the functions of this file.
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- One truth, asked for a person: the worker asks for whoever asked it
------------------------------------------------------------------------------------------------
create index documents_of_lessons_idx on public.documents (workspace_id) where lesson_id is not null;

create function app.lessons_of(p_workspace_id uuid, p_user_id uuid) returns setof uuid
language sql stable parallel safe security definer set search_path = '' rows 100
begin atomic
  select l.id
  from public.lessons as l
  where l.workspace_id = p_workspace_id
    and (
      exists (
        select from public.workspace_members as m
        join public.role_permissions as g on g.role = m.role and g.permission = 'courses.write'
        where m.workspace_id = p_workspace_id and m.user_id = p_user_id)
      or (l.is_published and l.course_id = any (array(
        select e.course_id from public.enrolments as e
        join public.courses as c on c.id = e.course_id and c.status <> 'draft'
        where e.workspace_id = p_workspace_id and e.user_id = p_user_id))));
end;

comment on function app.lessons_of(uuid, uuid) is
  'Lessons of a workspace that are open to a person: teachers (courses.write) have all, learners what is published in courses they are enrolled in, everybody else none. Asks nobody''s rights.';

create function app.hidden_documents(p_workspace_id uuid, p_user_id uuid) returns setof uuid
language sql stable parallel safe security definer set search_path = '' rows 100
begin atomic
  select d.id
  from public.documents as d
  where d.workspace_id = p_workspace_id and d.lesson_id is not null
    and d.lesson_id not in (select l from app.lessons_of(p_workspace_id, p_user_id) as l)
  union all
  select d.id from public.documents as d where d.workspace_id = p_workspace_id and not d.for_contacts and p_user_id is null;
end;

comment on function app.hidden_documents(uuid, uuid) is
  'Documents of a workspace that this person must not find, be cited or be answered from; without a person, all that belong to lessons or are not for contacts. For searches: where no document belongs to a lesson, it is one look into a small index.';

------------------------------------------------------------------------------------------------
-- The caller's
------------------------------------------------------------------------------------------------
create function app.my_lessons() returns setof uuid
language sql stable parallel safe security definer set search_path = '' rows 100
begin atomic
  select l.id
  from public.enrolments as e
  join public.courses as c on c.id = e.course_id and c.status <> 'draft'
  join public.lessons as l on l.course_id = e.course_id and l.is_published
  where e.user_id = app.user_id();
end;

comment on function app.my_lessons() is 'Published lessons of courses in which the caller is enrolled. For policies, which add the workspaces one teaches in.';

create function app.my_lesson_sounds() returns setof text
language sql stable parallel safe security definer set search_path = '' rows 100
begin atomic
  select r.object_path
  from public.recordings as r
  where r.object_path is not null and r.lesson_id is not null
    and (r.lesson_id = any (array(select app.my_lessons()))
         or r.workspace_id = any (array(select app.workspaces_with('courses.write'))));
end;

comment on function app.my_lesson_sounds() is 'Files in the bucket voice that the caller hears as learner or teacher.';

create function app.my_hidden_files() returns setof text
language sql stable parallel safe security definer set search_path = '' rows 100
begin atomic
  select d.object_path
  from app.workspaces_with('documents.read') as w
  cross join lateral app.hidden_documents(w, app.user_id()) as h
  join public.documents as d on d.id = h
  where d.object_path is not null;
end;

comment on function app.my_hidden_files() is 'Files in the bucket documents that belong to lessons the caller does not read.';

create function app.my_untaught_files() returns setof text
language sql stable parallel safe security definer set search_path = '' rows 100
begin atomic
  select d.object_path
  from public.documents as d
  where d.object_path is not null and d.lesson_id is not null
    and d.workspace_id = any (array(select app.workspaces_with('documents.write')))
    and d.workspace_id <> all (array(select app.workspaces_with('courses.write')));
end;

comment on function app.my_untaught_files() is
  'Files in the bucket documents that belong to lessons, where the caller writes documents but does not teach: others'' to change, even for a learner.';

create function app.my_speaking_schools() returns setof uuid
language sql stable parallel safe security definer set search_path = '' rows 10
begin atomic
  select distinct e.workspace_id
  from public.enrolments as e
  join public.courses as c on c.id = e.course_id and c.status <> 'draft'
  where e.user_id = app.user_id() and app.has_entitlement(e.workspace_id, 'voice');
end;

comment on function app.my_speaking_schools() is
  'Workspaces where the caller is enrolled and the plan has voice: who learns asks by voice, without conversations.write.';

revoke execute on function app.lessons_of(uuid, uuid) from public, anon, authenticated, service_role;
revoke execute on function app.hidden_documents(uuid, uuid) from public, anon, authenticated, service_role;
revoke execute on function app.my_lessons() from public, anon, authenticated, service_role;
revoke execute on function app.my_lesson_sounds() from public, anon, authenticated, service_role;
revoke execute on function app.my_speaking_schools() from public, anon, authenticated, service_role;
revoke execute on function app.my_hidden_files() from public, anon, authenticated, service_role;
revoke execute on function app.my_untaught_files() from public, anon, authenticated, service_role;
grant execute on function app.my_lessons() to authenticated;
grant execute on function app.my_lesson_sounds() to authenticated;
grant execute on function app.my_speaking_schools() to authenticated;
grant execute on function app.my_hidden_files() to authenticated;
grant execute on function app.my_untaught_files() to authenticated;

------------------------------------------------------------------------------------------------
-- Policies
------------------------------------------------------------------------------------------------
alter policy select_members on public.documents
  using (
    workspace_id = any (array(select app.workspaces_with('documents.read')))
    and (lesson_id is null
         or lesson_id = any (array(select app.my_lessons()))
         or workspace_id = any (array(select app.workspaces_with('courses.write')))));
comment on policy select_members on public.documents is
  'Members with documents.read see the documents of their workspaces; those of a lesson are for its learners and for teachers.';

alter policy update_editors on public.documents
  using (
    workspace_id = any (array(select app.workspaces_with('documents.write')))
    and (lesson_id is null or workspace_id = any (array(select app.workspaces_with('courses.write')))))
  with check (
    workspace_id = any (array(select app.workspaces_with('documents.write')))
    and (lesson_id is null or workspace_id = any (array(select app.workspaces_with('courses.write')))));
comment on policy update_editors on public.documents is
  'Editors rename, what belongs to a lesson: who teaches; only the title is granted. Creating and deleting go by upload and RPC.';

alter policy select_members on public.document_versions
  using (
    workspace_id = any (array(select app.workspaces_with('documents.read')))
    and exists (
      select from public.documents as d
      where d.id = document_id
        and (d.lesson_id is null or d.workspace_id = any (array(select app.workspaces_with('courses.write'))))));
comment on policy select_members on public.document_versions is
  'Who reads a document reads its history; of a lesson''s texts only teachers do, learners get the newest by read_lesson. Versions are written by RPC and never change.';

alter policy select_members on public.chunks
  using (
    workspace_id = any (array(select app.workspaces_with('documents.read')))
    and exists (select from public.documents as d where d.id = document_id));

alter policy select_participants on public.recordings
  using (
    (created_by = (select app.user_id()) and workspace_id = any (array(select app.workspaces_with('conversations.read'))))
    or workspace_id = any (array(select app.workspaces_with('conversations.read_all')))
    or lesson_id = any (array(select app.my_lessons()))
    or (lesson_id is not null and workspace_id = any (array(select app.workspaces_with('courses.write')))));
comment on policy select_participants on public.recordings is
  'One''s own, or all with conversations.read_all: a spoken question is a question. What its maker has put into a lesson is for its learners and teachers.';

alter policy insert_own on public.notes
  with check (
    created_by = (select app.user_id()) and workspace_id = any (array(select app.workspaces_with('workspace.read')))
    and (lesson_id is null or exists (select from public.lessons as l where l.id = lesson_id)));
alter policy update_own on public.notes
  with check (
    created_by = (select app.user_id())
    and (lesson_id is null or exists (select from public.lessons as l where l.id = lesson_id)));

-- The names of these say to whom they belong; a platform's tables take no comments.
alter policy lamina_documents_select on storage.objects
  using (
    bucket_id = 'documents'
    and lower((storage.foldername(name))[1]) = any (array(select w::text from app.workspaces_with('documents.read') as w))
    and name <> all (array(select app.my_hidden_files())));
alter policy lamina_documents_update on storage.objects
  using (
    bucket_id = 'documents'
    and lower((storage.foldername(name))[1]) = any (array(select w::text from app.workspaces_with('documents.write') as w))
    and name <> all (array(select app.my_untaught_files())));
alter policy lamina_documents_delete on storage.objects
  using (
    bucket_id = 'documents'
    and lower((storage.foldername(name))[1]) = any (array(select w::text from app.workspaces_with('documents.write') as w))
    and name <> all (array(select app.my_untaught_files())));
alter policy lamina_voice_select on storage.objects
  using (
    bucket_id = 'voice'
    and ((lower((storage.foldername(name))[2]) = (select app.user_id()::text)
          and lower((storage.foldername(name))[1]) = any (
            array(select w::text from app.workspaces_with('conversations.read') as w)))
         or lower((storage.foldername(name))[1]) = any (
           array(select w::text from app.workspaces_with('conversations.read_all') as w))
         or name = any (array(select app.my_lesson_sounds()))));
alter policy lamina_voice_insert on storage.objects
  with check (
    bucket_id = 'voice'
    and name !~ '(^|/)\.\.?(/|$)'
    and split_part(name, '/', 3) not in ('', 'answers')
    and (storage.foldername(name))[2] = (select app.user_id()::text)
    and ((storage.foldername(name))[1] = any (
           array(select w::text from app.workspaces_entitled('conversations.write', 'voice') as w))
         or (storage.foldername(name))[1] = any (array(select w::text from app.my_speaking_schools() as w))));

------------------------------------------------------------------------------------------------
-- Who may not read a document may not write it either
------------------------------------------------------------------------------------------------
create or replace function app.lock_document(p_document_id uuid) returns public.documents
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_document public.documents;
begin
  select * into v_document from public.documents as d
  where d.id = p_document_id and d.workspace_id = any (array(select app.workspaces_with('documents.read')))
    and (d.lesson_id is null or d.lesson_id in (select app.lessons_of(d.workspace_id, app.user_id())));
  if found then
    perform app.require_permission(v_document.workspace_id, case when v_document.lesson_id is null then 'documents.write' else 'courses.write' end);
    perform app.lock_document_work(p_document_id);
    select * into v_document from public.documents as d where d.id = p_document_id for no key update;
  end if;
  if not found then
    perform app.fail(404, 'document.not_found', 'There is no such document.');
  end if;
  return v_document;
end;
$$;

comment on function app.lock_document(uuid) is
  'The document, locked with its jobs, if the caller may write it (a lesson''s: who teaches); else 404 or 403.';

create function app.guard_lesson_text() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  if exists (
    select from public.lessons as l join public.workspaces as w on w.id = l.workspace_id where l.id = old.id) then
    perform app.fail(409, 'lesson.owns_document', 'This is the text of a lesson.', 'Delete the lesson, or save another text.');
  end if;
  return old;
end;
$$;

comment on function app.guard_lesson_text() is 'Trigger: a lesson''s text goes with the lesson only.';

revoke execute on function app.guard_lesson_text() from public, anon, authenticated, service_role;

create trigger guard_lesson_text before delete on public.documents
  for each row when (old.id = old.lesson_id)
  execute function app.guard_lesson_text();
comment on trigger guard_lesson_text on public.documents is 'No lesson is left without text.';
