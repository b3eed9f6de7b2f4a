-- Purpose:  the bucket documents, its rights, and what an upload or a removal there sets off; kinds of knowledge jobs.
-- Risk:     policies and triggers on storage.objects: short locks on platform tables.
-- Way back: drop the policies, triggers and functions of this file; empty the bucket by the Storage API.
set local lock_timeout = '5s';

insert into app.job_kinds (kind, lane, max_attempts, provider, cost) values
  ('knowledge.ingest_document', 'ingest', 5, 'embeddings', 5),
  ('knowledge.remove_object', 'outbound', 10, 'storage', 1),
  ('knowledge.answer_question', 'interactive', 3, 'llm', 1),
  ('knowledge.run_search', 'interactive', 3, 'embeddings', 1),
  ('ops.purge_jobs', 'bulk', 3, null, 1);

insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
values ('documents', 'documents', false, 20971520, array['application/pdf'])
on conflict (id) do update
  set public = excluded.public, file_size_limit = excluded.file_size_limit, allowed_mime_types = excluded.allowed_mime_types;

------------------------------------------------------------------------------------------------
-- Upload → document → job
------------------------------------------------------------------------------------------------
create function app.enqueue_ingest(p_document public.documents) returns bigint
language sql volatile security definer set search_path = ''
begin atomic
  select app.enqueue(
    'knowledge.ingest_document', p_document.workspace_id, p_document.id,
    pg_catalog.jsonb_build_object('version', p_document.version),
    p_dedupe_key => pg_catalog.format('ingest:%s:%s', p_document.id, p_document.version),
    p_ordering_key => pg_catalog.format('document:%s', p_document.id));
end;

comment on function app.enqueue_ingest(public.documents) is
  'One job per version of a document; versions are processed in order, never two at a time.';

create function app.lock_document_work(p_document_id uuid) returns void
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform from public.jobs as j
  where j.subject_id = p_document_id and j.gate <> 'closed'
  order by j.id
  for no key update;
  perform app.lock_ordering_key(format('document:%s', p_document_id));
end;
$$;

comment on function app.lock_document_work(uuid) is
  'To be called before a document is locked: its jobs, their order, itself, as the worker locks them at the end of a job.';

create function app.title_of_path(p_path text) returns text
language sql immutable set search_path = ''
return coalesce(nullif(left(regexp_replace(p_path, '^.*/', ''), 300), ''), 'document.pdf');

comment on function app.title_of_path(text) is 'The file''s name, as a document''s first title.';

create function app.refuse_upload(p_workspace_id uuid, p_path text, p_created_by uuid, p_reason text) returns void
language plpgsql volatile security definer set search_path = '' as $$
begin
  update public.documents as d
  set version = d.version + 1, object_path = null, status = 'failed', stage = null,
    error_code = 'quota.exceeded', error_message = p_reason
  where d.object_path = p_path;
  if not found then
    insert into public.documents (workspace_id, kind, title, status, error_code, error_message, created_by)
    values (p_workspace_id, 'pdf', app.title_of_path(p_path), 'failed', 'quota.exceeded', p_reason, p_created_by);
  end if;
  perform app.enqueue(
    'knowledge.remove_object', p_workspace_id, null, jsonb_build_object('bucket', 'documents', 'path', p_path));
end;
$$;

comment on function app.refuse_upload(uuid, text, uuid, text) is
  'A file above the plan''s limit: a failed document that says so, and the file goes. Storage could not tell the uploader the reason. What was searchable of a document stays so, and counts.';

create function app.register_upload() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_folder text := lower(split_part(new.name, '/', 1));
  v_workspace_id uuid;
  v_document public.documents;
  v_reason text;
begin
  select w.id into v_workspace_id from public.workspaces as w where w.id::text = v_folder;
  if not found then
    return null;
  end if;
  perform app.lock_document_work(d.id) from public.documents as d where d.object_path = new.name;
  begin
    insert into public.documents as d (workspace_id, kind, title, object_path, byte_size, created_by)
    values (
      v_workspace_id, 'pdf', app.title_of_path(new.name),
      new.name, (new.metadata ->> 'size')::bigint, coalesce(app.user_id(), new.owner))
    on conflict (object_path) do update
      set version = d.version + 1, byte_size = excluded.byte_size, status = 'pending', stage = null,
        error_code = null, error_message = null
    returning * into v_document;
    perform app.enqueue_ingest(v_document);
  exception when sqlstate 'PT402' then
    get stacked diagnostics v_reason = message_text;
    perform app.refuse_upload(v_workspace_id, new.name, coalesce(app.user_id(), new.owner), v_reason);
  end;
  return null;
end;
$$;

comment on function app.register_upload() is
  'A PDF in <workspace_id>/… becomes a document and a job in the transaction of the upload; an overwritten one becomes its next version. Storage writes with rights of its own, so the owner it notes is the uploader.';

create function app.move_upload() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform app.lock_document_work(d.id) from public.documents as d where d.object_path = old.name;
  update public.documents as d set object_path = new.name
  where d.object_path = old.name and new.bucket_id = old.bucket_id
    and lower(split_part(new.name, '/', 1)) = lower(split_part(old.name, '/', 1));
  if not found then
    delete from public.documents as d where d.object_path = old.name;
  end if;
  return null;
end;
$$;

comment on function app.move_upload() is
  'A PDF moved within its workspace stays the same document, whose next version it becomes; one moved out of it is forgotten there.';

create function app.forget_upload() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  delete from public.documents as d where d.object_path = old.name;
  return null;
end;
$$;

comment on function app.forget_upload() is 'A PDF removed through the Storage API takes its document along.';

create function app.remove_file() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  if exists (select from storage.objects as o where o.bucket_id = 'documents' and o.name = old.object_path) then
    perform app.enqueue(
      'knowledge.remove_object', (select w.id from public.workspaces as w where w.id = old.workspace_id), null,
      jsonb_build_object('bucket', 'documents', 'path', old.object_path));
  end if;
  return null;
end;
$$;

comment on function app.remove_file() is
  'However a document goes, by itself or with its workspace, the worker removes its file through the Storage API.';

revoke execute on function app.enqueue_ingest(public.documents) from public, anon, authenticated, service_role;
revoke execute on function app.lock_document_work(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.title_of_path(text) from public, anon, authenticated, service_role;
revoke execute on function app.refuse_upload(uuid, text, uuid, text) from public, anon, authenticated, service_role;
revoke execute on function app.register_upload() from public, anon, authenticated, service_role;
revoke execute on function app.move_upload() from public, anon, authenticated, service_role;
revoke execute on function app.forget_upload() from public, anon, authenticated, service_role;
revoke execute on function app.remove_file() from public, anon, authenticated, service_role;

create trigger lamina_register_upload after insert on storage.objects
  for each row when (new.bucket_id = 'documents' and new.metadata is not null)
  execute function app.register_upload();
create trigger lamina_move_upload after update on storage.objects
  for each row when (old.bucket_id = 'documents' and (old.bucket_id, old.name) is distinct from (new.bucket_id, new.name))
  execute function app.move_upload();
create trigger lamina_register_overwrite after update on storage.objects
  for each row when (
    new.bucket_id = 'documents' and new.metadata is not null
    and (old.metadata is null
         or (old.bucket_id, old.name, old.version) is distinct from (new.bucket_id, new.name, new.version)
         or old.metadata ->> 'eTag' is distinct from new.metadata ->> 'eTag'))
  execute function app.register_upload();
create trigger lamina_forget_upload after delete on storage.objects
  for each row when (old.bucket_id = 'documents')
  execute function app.forget_upload();

create trigger remove_file after delete on public.documents
  for each row when (old.object_path is not null)
  execute function app.remove_file();
comment on trigger remove_file on public.documents is 'No file outlives its document.';

------------------------------------------------------------------------------------------------
-- Rights in the bucket: the first folder is the workspace
------------------------------------------------------------------------------------------------
-- A part . or .. is refused: whoever makes an address of such a name may end in the folder of another workspace.
create policy lamina_documents_select on storage.objects
  for select to authenticated
  using (
    bucket_id = 'documents'
    and lower((storage.foldername(name))[1]) = any (array(select w::text from app.workspaces_with('documents.read') as w)));
create policy lamina_documents_insert on storage.objects
  for insert to authenticated
  with check (
    bucket_id = 'documents'
    and name !~ '(^|/)\.\.?(/|$)'
    and lower((storage.foldername(name))[1]) = any (array(select w::text from app.workspaces_with('documents.write') as w)));
create policy lamina_documents_update on storage.objects
  for update to authenticated
  using (
    bucket_id = 'documents'
    and lower((storage.foldername(name))[1]) = any (array(select w::text from app.workspaces_with('documents.write') as w)))
  with check (
    bucket_id = 'documents'
    and name !~ '(^|/)\.\.?(/|$)'
    and lower((storage.foldername(name))[1]) = any (array(select w::text from app.workspaces_with('documents.write') as w)));
create policy lamina_documents_delete on storage.objects
  for delete to authenticated
  using (
    bucket_id = 'documents'
    and lower((storage.foldername(name))[1]) = any (array(select w::text from app.workspaces_with('documents.write') as w)));
