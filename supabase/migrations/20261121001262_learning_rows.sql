-- Purpose:  functions that return rows of documents and recordings keep doing so now that these have one more column; who reads a
--           document, for comments and activity, knows of lessons, and so does what a comment may quote.
-- Risk:     none: the same functions, whose rows grow with their tables from here on.
-- Way back: create the functions again as in knowledge_functions, content_versions, voice_requests, content_comments,
--           content_discussion, content_activity.
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- A row as a whole: a list of columns would be that of the day the function was made
------------------------------------------------------------------------------------------------
create or replace function public.create_text_document(p_workspace_id uuid, p_title text, p_content text) returns public.documents
language sql volatile security invoker set search_path = ''
begin atomic
  select app.create_text_document(p_workspace_id, p_title, p_content);
end;

create or replace function public.save_document_version(p_document_id uuid, p_content text, p_expected_version int)
returns public.documents
language sql volatile security invoker set search_path = ''
begin atomic
  select app.save_document_version(p_document_id, p_content, p_expected_version);
end;

create or replace function public.reprocess_document(p_document_id uuid) returns public.documents
language sql volatile security invoker set search_path = ''
begin atomic
  select app.reprocess_document(p_document_id);
end;

create or replace function public.restore_document_version(p_document_id uuid, p_version int, p_expected_version int)
returns public.documents
language sql volatile security invoker set search_path = ''
begin atomic
  select app.restore_document_version(p_document_id, p_version, p_expected_version);
end;

create or replace function public.answer_recording(
  p_recording_id uuid, p_conversation_id uuid default null, p_speak boolean default false, p_lesson_id uuid default null)
returns public.recordings
language sql volatile security invoker set search_path = ''
begin atomic
  select app.answer_recording(p_recording_id, p_conversation_id, p_speak, p_lesson_id);
end;

------------------------------------------------------------------------------------------------
-- Comments and activity
------------------------------------------------------------------------------------------------
create or replace function app.readers_of(p_document_id uuid) returns setof uuid
language sql stable security definer set search_path = ''
begin atomic
  select m.user_id
  from public.documents as d
  join public.workspace_members as m on m.workspace_id = d.workspace_id
  join public.role_permissions as g on g.role = m.role and g.permission = 'documents.read'
  where d.id = p_document_id
    and (d.lesson_id is null or d.lesson_id in (select app.lessons_of(d.workspace_id, m.user_id)));
end;

comment on function app.readers_of(uuid) is
  'Members who may read a document: whom a comment may mention, and who may comment at all. Says the same as the policy of documents. Internal.';

create or replace function app.quote_of(p_document public.documents, p_version int, p_start int, p_end int) returns text
language plpgsql stable set search_path = '' as $$
declare
  v_content text;
begin
  if p_version not between 1 and p_document.version
    or (p_document.lesson_id is not null and p_version <> p_document.version
        and not app.has_permission(p_document.workspace_id, 'courses.write')) then
    perform app.fail(404, 'document.version_not_found', 'The document has no such version.');
  elsif num_nulls(p_start, p_end) = 2 then
    return null;
  end if;
  select v.content into v_content from public.document_versions as v
  where v.document_id = p_document.id and v.version = p_version;
  if v_content is null or num_nulls(p_start, p_end) > 0 or p_start < 0 or p_end <= p_start or p_end > length(v_content)
    or p_end - p_start > 2000 then
    perform app.fail(400, 'comment.bad_range', 'This is no passage of that version.',
      'Give both ends in Unicode code points, at most 2,000 apart; a PDF is commented on as a whole.');
  end if;
  return substr(v_content, p_start + 1, p_end - p_start);
end;
$$;

comment on function app.quote_of(public.documents, int, int, int) is
  'The passage of a version that a comment is about; null for the whole. 404 without the version (of a lesson''s documents learners comment on the newest), 400 without the passage. Internal.';

create or replace function app.note_activity(
  p_workspace_id uuid, p_actor uuid, p_verb text, p_subject_kind text, p_subject_id uuid, p_detail jsonb default '{}'
) returns void
language sql volatile security definer set search_path = ''
begin atomic
  insert into public.activity (workspace_id, actor_id, verb, subject_kind, subject_id, detail, audience)
  select w.id, p_actor, p_verb, p_subject_kind, p_subject_id, p_detail,
    w.id || ':' || case when d.id is not null then 'courses.write' else coalesce(s.permission, 'audit.read') end
  from public.workspaces as w
  left join public.activity_subjects as s on s.subject_kind = p_subject_kind
  left join public.documents as d
    on d.id = coalesce((p_detail ->> 'document_id')::uuid, p_subject_id) and d.lesson_id is not null
      and p_subject_kind in ('document', 'comment')
  where w.id = p_workspace_id;
end;

comment on function app.note_activity(uuid, uuid, text, text, uuid, jsonb) is
  'Notes what was done, in the transaction that does it; nothing when the workspace is on its way out. What is done to a lesson''s documents is told to teachers only. Internal, and for the worker.';

revoke execute on function app.readers_of(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.quote_of(public.documents, int, int, int) from public, anon, authenticated, service_role;
