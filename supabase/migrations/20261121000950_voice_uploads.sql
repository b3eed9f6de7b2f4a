-- Purpose:  an upload to the bucket voice becomes a recording and a job; files go with their rows; rights in the bucket.
-- Risk:     policies and triggers on storage.objects: short locks on platform tables.
-- Way back: drop the policies, triggers and functions of this file; empty the bucket by the Storage API.
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- Upload → recording → job
------------------------------------------------------------------------------------------------
create function app.remove_voice_files(p_workspace_id uuid, p_paths text[]) returns void
language sql volatile security definer set search_path = ''
begin atomic
  select app.enqueue(
    'voice.remove_objects', (select w.id from public.workspaces as w where w.id = p_workspace_id), null,
    pg_catalog.jsonb_build_object('paths', pg_catalog.array_remove(p_paths, null)))
  where pg_catalog.cardinality(pg_catalog.array_remove(p_paths, null)) > 0;
end;

comment on function app.remove_voice_files(uuid, text[]) is 'The worker removes them through the Storage API. Internal.';

create function app.meter_recording_bytes() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  if tg_op = 'INSERT' then
    perform app.move_gauge(new.workspace_id, 'storage_bytes', new.byte_size);
  else
    perform app.move_gauge(old.workspace_id, 'storage_bytes', - old.byte_size);
  end if;
  return null;
end;
$$;

comment on function app.meter_recording_bytes() is 'Trigger: recordings count in the bytes of the plan, as documents do.';

create trigger meter_bytes after insert or delete on public.recordings
  for each row execute function app.meter_recording_bytes();
comment on trigger meter_bytes on public.recordings is 'Counts bytes.';

create function app.add_recording(p_workspace_id uuid, p_user_id uuid, p_path text, p_byte_size bigint) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_title text := coalesce(nullif(left(regexp_replace(p_path, '^.*/', ''), 300), ''), 'recording');
  v_recording public.recordings;
  v_job_id bigint;
  v_reason text;
begin
  begin
    insert into public.recordings (workspace_id, title, object_path, byte_size, created_by)
    values (p_workspace_id, v_title, p_path, p_byte_size, p_user_id)
    on conflict (object_path) do nothing
    returning * into v_recording;
    if found then
      v_job_id := app.enqueue_voice('voice.transcribe', v_recording, null);
      update public.recordings as r set job_id = v_job_id where r.id = v_recording.id;
    end if;
  exception when sqlstate 'PT402' then
    get stacked diagnostics v_reason = message_text;
    insert into public.recordings (workspace_id, title, status, error_code, error_message, created_by)
    values (p_workspace_id, v_title, 'failed', 'quota.exceeded', v_reason, p_user_id);
    perform app.remove_voice_files(p_workspace_id, array[p_path]);
  end;
end;
$$;

comment on function app.add_recording(uuid, uuid, text, bigint) is
  'A recording and its job; above the plan''s bytes a failed recording that says so, and the file goes. Storage could not tell the uploader the reason.';

create function app.register_recording() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_folders text[] := regexp_match(lower(new.name), '^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/');
begin
  perform app.add_recording(m.workspace_id, m.user_id, new.name, coalesce((new.metadata ->> 'size')::bigint, 0))
  from public.workspace_members as m
  where m.workspace_id = v_folders[1]::uuid and m.user_id = v_folders[2]::uuid;
  return null;
end;
$$;

comment on function app.register_recording() is
  'A file in <workspace_id>/<user_id>/… becomes a recording of that member in the transaction of the upload. It is never overwritten: the bucket gives nobody the right to.';

create function app.forget_recording() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform app.lock_recording_work(r.id) from public.recordings as r where r.object_path = old.name;
  perform app.stop_job(j.id)
  from public.recordings as r
  join public.jobs as j on j.subject_id = r.id and j.gate <> 'closed'
  where r.object_path = old.name;
  delete from public.recordings as r where r.object_path = old.name;
  update public.recordings as r set speech_status = null, speech_path = null, speech_is_whole = null
  where r.speech_path = old.name;
  return null;
end;
$$;

comment on function app.forget_recording() is
  'A recording removed through the Storage API takes its row along; a removed answer leaves the recording without speech.';

create function app.lock_recording_work(p_recording_id uuid) returns void
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform from public.jobs as j
  where j.subject_id = p_recording_id and j.gate <> 'closed'
  order by j.id
  for no key update;
  perform app.lock_ordering_key(format('recording:%s', p_recording_id));
end;
$$;

comment on function app.lock_recording_work(uuid) is
  'To be called before a recording is locked to be deleted: its jobs, their order, itself, as the worker locks them at the end of a job.';

create function app.remove_recording_files() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform app.remove_voice_files(
    old.workspace_id,
    array(select o.name from storage.objects as o
          where o.bucket_id = 'voice' and o.name = any (array[old.object_path, old.speech_path])));
  return null;
end;
$$;

comment on function app.remove_recording_files() is
  'However a recording goes, by itself or with its workspace, the worker removes its files through the Storage API.';

create function app.forget_answer() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform app.remove_voice_files(old.workspace_id, array[old.speech_path]);
  new.wants_answer := false;
  new.wants_speech := false;
  new.speech_status := null;
  new.speech_path := null;
  new.speech_is_whole := null;
  new.speech_error_code := null;
  new.speech_error_message := null;
  return new;
end;
$$;

comment on function app.forget_answer() is 'An answer that is erased with its conversation is not heard either.';

revoke execute on function app.remove_voice_files(uuid, text[]) from public, anon, authenticated, service_role;
revoke execute on function app.meter_recording_bytes() from public, anon, authenticated, service_role;
revoke execute on function app.add_recording(uuid, uuid, text, bigint) from public, anon, authenticated, service_role;
revoke execute on function app.register_recording() from public, anon, authenticated, service_role;
revoke execute on function app.forget_recording() from public, anon, authenticated, service_role;
revoke execute on function app.lock_recording_work(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.remove_recording_files() from public, anon, authenticated, service_role;
revoke execute on function app.forget_answer() from public, anon, authenticated, service_role;

create trigger remove_files after delete on public.recordings
  for each row execute function app.remove_recording_files();
comment on trigger remove_files on public.recordings is 'No file outlives its recording.';
create trigger forget_answer before update of answer_id on public.recordings
  for each row when (old.answer_id is not null and new.answer_id is null)
  execute function app.forget_answer();
comment on trigger forget_answer on public.recordings is 'No speech outlives its answer.';

-- What the worker writes under …/answers/ is no recording.
create trigger lamina_register_recording after insert on storage.objects
  for each row when (new.bucket_id = 'voice' and new.metadata is not null and split_part(new.name, '/', 3) <> 'answers')
  execute function app.register_recording();
create trigger lamina_register_recording_later after update on storage.objects
  for each row when (
    new.bucket_id = 'voice' and new.metadata is not null and old.metadata is null
    and split_part(new.name, '/', 3) <> 'answers')
  execute function app.register_recording();
create trigger lamina_forget_recording after delete on storage.objects
  for each row when (old.bucket_id = 'voice')
  execute function app.forget_recording();

------------------------------------------------------------------------------------------------
-- Rights in the bucket: <workspace_id>/<user_id>/…
------------------------------------------------------------------------------------------------
-- Files are as private as conversations. A part . or .. is refused: in an address it may end in another folder.
-- Without a policy for update nothing is overwritten or moved. An upload is one that register_recording knows: the ids as
-- uuids are written, a name behind them, and never answers, which the worker writes and nobody deletes to have it read again.
create policy lamina_voice_select on storage.objects
  for select to authenticated
  using (
    bucket_id = 'voice'
    and ((lower((storage.foldername(name))[2]) = (select app.user_id()::text)
          and lower((storage.foldername(name))[1]) = any (
            array(select w::text from app.workspaces_with('conversations.read') as w)))
         or lower((storage.foldername(name))[1]) = any (
           array(select w::text from app.workspaces_with('conversations.read_all') as w))));
create policy lamina_voice_insert on storage.objects
  for insert to authenticated
  with check (
    bucket_id = 'voice'
    and name !~ '(^|/)\.\.?(/|$)'
    and split_part(name, '/', 3) not in ('', 'answers')
    and (storage.foldername(name))[2] = (select app.user_id()::text)
    and (storage.foldername(name))[1] = any (
      array(select w::text from app.workspaces_entitled('conversations.write', 'voice') as w)));
create policy lamina_voice_delete on storage.objects
  for delete to authenticated
  using (
    bucket_id = 'voice'
    and split_part(name, '/', 3) <> 'answers'
    and lower((storage.foldername(name))[2]) = (select app.user_id()::text)
    and lower((storage.foldername(name))[1]) = any (
      array(select w::text from app.workspaces_with('conversations.write') as w)));
