-- Purpose:  what a browser does with documents, and the mirror of jobs in documents, answers and searches.
-- Risk:     none, new functions and triggers on our own tables only.
-- Way back: drop the functions of this file (cascade drops the triggers).
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- Authored texts
------------------------------------------------------------------------------------------------
create function app.create_text_document(p_workspace_id uuid, p_title text, p_content text) returns public.documents
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_document public.documents;
begin
  perform app.require_permission(p_workspace_id, 'documents.write');
  perform app.check_text(p_title, p_content);
  insert into public.documents (workspace_id, kind, title, byte_size, created_by)
  values (p_workspace_id, 'text', p_title, octet_length(p_content), app.user_id())
  returning * into v_document;
  insert into public.document_versions (document_id, version, workspace_id, content, created_by)
  values (v_document.id, 1, p_workspace_id, p_content, app.user_id());
  perform app.enqueue_ingest(v_document);
  return v_document;
end;
$$;

comment on function app.create_text_document(uuid, text, text) is 'Behind public.create_text_document.';

create function app.check_text(p_title text, p_content text) returns void
language plpgsql immutable set search_path = '' as $$
begin
  if p_title is null or p_title !~ '\S' or length(p_title) > 300 then
    perform app.fail(400, 'document.bad_title', 'A title has 1 to 300 characters.');
  end if;
  if p_content is null or p_content !~ '\S' or length(p_content) > 2000000 then
    perform app.fail(400, 'document.bad_content', 'A text has 1 to 2,000,000 characters.');
  end if;
end;
$$;

comment on function app.check_text(text, text) is 'Refuses a title or text that cannot be stored, in words.';

create function app.save_document_version(p_document_id uuid, p_content text, p_expected_version int)
returns public.documents
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_document public.documents := app.lock_document(p_document_id);
begin
  perform app.check_text(v_document.title, p_content);
  if v_document.kind <> 'text' then
    perform app.fail(409, 'document.not_text', 'Only authored texts have versions here; upload the PDF again instead.');
  end if;
  if v_document.version is distinct from p_expected_version then
    perform app.fail(409, 'document.version_conflict',
      format('The document has changed: its version is %s, not %s.', v_document.version, p_expected_version),
      'Read the newest version, merge, and save again.');
  end if;
  update public.documents as d
  set version = d.version + 1, byte_size = octet_length(p_content), status = 'pending', stage = null,
    error_code = null, error_message = null
  where d.id = p_document_id
  returning * into v_document;
  insert into public.document_versions (document_id, version, workspace_id, content, created_by)
  values (p_document_id, v_document.version, v_document.workspace_id, p_content, app.user_id());
  perform app.enqueue_ingest(v_document);
  return v_document;
end;
$$;

comment on function app.save_document_version(uuid, text, int) is 'Behind public.save_document_version.';

create function app.lock_document(p_document_id uuid) returns public.documents
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_document public.documents;
begin
  select * into v_document from public.documents as d
  where d.id = p_document_id and d.workspace_id = any (array(select app.workspaces_with('documents.read')));
  if found then
    perform app.require_permission(v_document.workspace_id, 'documents.write');
    perform app.lock_document_work(p_document_id);
    select * into v_document from public.documents as d where d.id = p_document_id for no key update;
  end if;
  if not found then
    perform app.fail(404, 'document.not_found', 'There is no such document.');
  end if;
  return v_document;
end;
$$;

comment on function app.lock_document(uuid) is 'The document, locked with its jobs, if the caller may write it; else 404 or 403.';

------------------------------------------------------------------------------------------------
-- Process again, delete
------------------------------------------------------------------------------------------------
create function app.reprocess_document(p_document_id uuid) returns public.documents
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_document public.documents := app.lock_document(p_document_id);
begin
  if v_document.kind = 'pdf' and v_document.object_path is null then
    perform app.fail(409, 'document.file_refused', 'The file of this document was refused and is gone.', 'Upload it again.');
  end if;
  update public.documents as d
  set status = 'pending', stage = null, error_code = null, error_message = null, content_hash = null
  where d.id = p_document_id
  returning * into v_document;
  perform app.enqueue_ingest(v_document);
  return v_document;
end;
$$;

comment on function app.reprocess_document(uuid) is 'Behind public.reprocess_document. Forgets the content''s hash, so that the same content is read again.';

create function app.delete_document(p_document_id uuid) returns void
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform app.lock_document(p_document_id);
  perform app.stop_job(j.id) from public.jobs as j where j.subject_id = p_document_id and j.gate <> 'closed';
  delete from public.documents as d where d.id = p_document_id;
end;
$$;

comment on function app.delete_document(uuid) is
  'Behind public.delete_document. A running job is asked to stop and can write nothing more; the worker removes the file through the Storage API.';

create function public.create_text_document(p_workspace_id uuid, p_title text, p_content text) returns public.documents
language sql volatile security invoker set search_path = ''
begin atomic
  select * from app.create_text_document(p_workspace_id, p_title, p_content);
end;

comment on function public.create_text_document(uuid, text, text) is
  'Creates an authored text (Markdown) and makes it searchable. Errors: document.bad_title, document.bad_content, quota.exceeded, workspace.forbidden.';

create function public.save_document_version(p_document_id uuid, p_content text, p_expected_version int)
returns public.documents
language sql volatile security invoker set search_path = ''
begin atomic
  select * from app.save_document_version(p_document_id, p_content, p_expected_version);
end;

comment on function public.save_document_version(uuid, text, int) is
  'Appends a version if the newest is still the expected one. Errors: document.version_conflict, document.not_text, document.not_found, quota.exceeded.';

create function public.reprocess_document(p_document_id uuid) returns public.documents
language sql volatile security invoker set search_path = ''
begin atomic
  select * from app.reprocess_document(p_document_id);
end;

comment on function public.reprocess_document(uuid) is 'Processes a document again, whatever its state. Errors: document.not_found, document.file_refused, workspace.forbidden.';

create function public.delete_document(p_document_id uuid) returns void
language sql volatile security invoker set search_path = ''
begin atomic
  select app.delete_document(p_document_id);
end;

comment on function public.delete_document(uuid) is
  'Deletes a document in any state: row, chunks, queued work and file. Errors: document.not_found, workspace.forbidden.';

revoke execute on function app.create_text_document(uuid, text, text) from public, anon, authenticated, service_role;
revoke execute on function app.check_text(text, text) from public, anon, authenticated, service_role;
revoke execute on function app.save_document_version(uuid, text, int) from public, anon, authenticated, service_role;
revoke execute on function app.lock_document(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.reprocess_document(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.delete_document(uuid) from public, anon, authenticated, service_role;
revoke execute on function public.create_text_document(uuid, text, text) from public, anon, authenticated, service_role;
revoke execute on function public.save_document_version(uuid, text, int) from public, anon, authenticated, service_role;
revoke execute on function public.reprocess_document(uuid) from public, anon, authenticated, service_role;
revoke execute on function public.delete_document(uuid) from public, anon, authenticated, service_role;
grant execute on function app.create_text_document(uuid, text, text) to authenticated;
grant execute on function app.save_document_version(uuid, text, int) to authenticated;
grant execute on function app.reprocess_document(uuid) to authenticated;
grant execute on function app.delete_document(uuid) to authenticated;
grant execute on function public.create_text_document(uuid, text, text) to authenticated;
grant execute on function public.save_document_version(uuid, text, int) to authenticated;
grant execute on function public.reprocess_document(uuid) to authenticated;
grant execute on function public.delete_document(uuid) to authenticated;
