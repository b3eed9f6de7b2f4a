-- Purpose:  recordings in the worker's and the browser's hands: metering, transcript, question, speech, realtime tokens.
-- Risk:     triggers on public.jobs and public.messages that fire for voice only.
-- Way back: drop the functions of this file (cascade drops the triggers).
set local lock_timeout = '5s';

insert into app.job_kinds (kind, lane, max_attempts, provider, cost) values ('voice.ask', 'interactive', 3, null, 1);

------------------------------------------------------------------------------------------------
-- The worker's part
------------------------------------------------------------------------------------------------
create function app.meter_recording(p_job_id bigint, p_attempt int, p_seconds float8, out code text, out message text)
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_job public.jobs;
begin
  select * into v_job from public.jobs as j
  where j.id = p_job_id and j.attempts = p_attempt and j.status = 'running' for no key update;
  if not found then
    code := 'job.cancelled';
    message := 'This attempt is no longer the job''s.';
    return;
  end if;
  update public.recordings as r set seconds = p_seconds where r.id = v_job.subject_id;
  begin
    perform app.require_entitlement(v_job.workspace_id, 'voice');
    perform app.consume(v_job.workspace_id, 'voice_seconds', greatest(1, ceil(p_seconds))::bigint, p_job_id);
  exception when sqlstate 'PT402' then
    get stacked diagnostics code = pg_exception_detail, message = message_text;
  end;
end;
$$;

comment on function app.meter_recording(bigint, int, float8) is
  'Reserves the seconds with the job, once however often it is tried; code and message say why not. The job''s row is locked, so that nothing is reserved for one that has ended.';

create function app.spoken_seconds(p_message_id uuid) returns bigint
language sql stable security definer set search_path = ''
begin atomic
  select greatest(1, ceil(least(length(m.content), 4096) / 15.0))::bigint from public.messages as m where m.id = p_message_id;
end;

comment on function app.spoken_seconds(uuid) is
  'Seconds that reading a message aloud is paid with, before it is read: fifteen characters in a second, at most 4,096 characters (the worker reads no more). Null without such a message. Internal.';

create function app.meter_speech(p_job_id bigint, p_attempt int, out code text, out message text)
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_job public.jobs;
  v_seconds bigint;
begin
  select * into v_job from public.jobs as j
  where j.id = p_job_id and j.attempts = p_attempt and j.status = 'running' for no key update;
  if not found then
    code := 'job.cancelled';
    message := 'This attempt is no longer the job''s.';
    return;
  end if;
  select app.spoken_seconds(r.answer_id) into v_seconds from public.recordings as r where r.id = v_job.subject_id;
  if v_seconds is not null then
    begin
      perform app.require_entitlement(v_job.workspace_id, 'voice');
      perform app.consume(v_job.workspace_id, 'voice_seconds', v_seconds, p_job_id);
    exception when sqlstate 'PT402' then
      get stacked diagnostics code = pg_exception_detail, message = message_text;
    end;
  end if;
end;
$$;

comment on function app.meter_speech(bigint, int) is
  'Reserves the seconds of an answer to be read aloud, once however often the job is tried and also if answer_recording has; code and message say why not. Not where the answer ends: that transaction holds locks of its own.';

create function app.enqueue_voice(p_kind text, p_recording public.recordings, p_dedupe_key text) returns bigint
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_job_id bigint := app.enqueue(p_kind, p_recording.workspace_id, p_recording.id, p_dedupe_key => p_dedupe_key,
    p_ordering_key => case p_kind when 'voice.transcribe' then format('recording:%s', p_recording.id) end);
begin
  update public.jobs as j set created_by = p_recording.created_by where j.id = v_job_id;
  return v_job_id;
end;
$$;

comment on function app.enqueue_voice(text, public.recordings, text) is
  'A job about a recording belongs to its user, who may cancel and retry it, whoever''s transaction it came from. Internal.';

create function app.finish_recording(p_recording_id uuid, p_transcript text, p_segments jsonb, p_language text, p_model text)
returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_recording public.recordings;
begin
  update public.recordings as r
  set status = 'transcribed', stage = null, error_code = null, error_message = null, transcript = p_transcript,
    segments = p_segments, language = p_language, model = p_model, transcribed_at = now()
  where r.id = p_recording_id
  returning * into v_recording;
  delete from app.recording_pieces as p where p.recording_id = p_recording_id;
  if v_recording.wants_answer then
    perform app.enqueue_voice('voice.ask', v_recording, null);
  end if;
end;
$$;

comment on function app.finish_recording(uuid, text, jsonb, text, text) is
  'Writes the transcript. The question is a job of its own: whatever happens to it, the transcript is there and paid once.';

create function app.ask_transcript(p_recording public.recordings) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_key text := format('recording:%s', p_recording.id);
  v_answer_id uuid;
begin
  if p_recording.asked_lesson_id is null then
    return app.ask(p_recording.workspace_id, btrim(p_recording.transcript), p_recording.conversation_id, null, v_key);
  end if;
  v_answer_id := (app.ask_lesson(p_recording.asked_lesson_id, btrim(p_recording.transcript), 'ai', v_key)).answer_id;
  return (
    select jsonb_build_object('answer_id', m.id, 'conversation_id', m.conversation_id) from public.messages as m where m.id = v_answer_id);
end;
$$;

comment on function app.ask_transcript(public.recordings) is
  'Asks what was said as the caller, with their rights: at a lesson by their enrolment, else by conversations.write. Internal.';

create function app.ask_recording(p_recording_id uuid) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_recording public.recordings;
  v_claims text := coalesce(current_setting('request.jwt.claims', true), '');
  v_asked jsonb;
  v_code text;
  v_reason text;
begin
  select * into v_recording from public.recordings as r
  where r.id = p_recording_id and r.status = 'transcribed' and r.wants_answer and r.answer_id is null
  for no key update;
  if not found then
    return;
  end if;
  perform set_config('request.jwt.claims',
    jsonb_build_object('sub', v_recording.created_by, 'role', 'authenticated')::text, true);
  begin
    v_asked := app.ask_transcript(v_recording);
  exception when sqlstate 'PT400' or sqlstate 'PT402' or sqlstate 'PT403' or sqlstate 'PT404' or sqlstate 'PT409' or sqlstate 'PT429' then
    get stacked diagnostics v_code = pg_exception_detail, v_reason = message_text;
  end;
  perform set_config('request.jwt.claims', v_claims, true);
  update public.recordings as r
  set conversation_id = coalesce((v_asked ->> 'conversation_id')::uuid, r.conversation_id),
    answer_id = (v_asked ->> 'answer_id')::uuid, answer_error_code = v_code, answer_error_message = v_reason
  where r.id = p_recording_id;
end;
$$;

comment on function app.ask_recording(uuid) is
  'Asks the transcript as the one who recorded it, with their rights and at the expense of their workspace, exactly as app.ask and app.ask_lesson do for a browser. A refusal is noted beside the transcript.';

create function app.finish_speech(p_recording_id uuid, p_answer_id uuid, p_path text, p_is_whole boolean) returns void
language plpgsql volatile security definer set search_path = '' as $$
begin
  update public.recordings as r
  set speech_status = 'ready', speech_path = p_path, speech_is_whole = p_is_whole, speech_error_code = null,
    speech_error_message = null
  where r.id = p_recording_id and r.answer_id = p_answer_id and r.wants_speech;
  if not found then
    perform app.remove_voice_files(null, array[p_path]);
  end if;
end;
$$;

comment on function app.finish_speech(uuid, uuid, text, boolean) is 'The answer can be heard; if it was erased meanwhile, the file goes again.';

revoke execute on function app.meter_recording(bigint, int, float8) from public, anon, authenticated, service_role;
revoke execute on function app.spoken_seconds(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.meter_speech(bigint, int) from public, anon, authenticated, service_role;
revoke execute on function app.enqueue_voice(text, public.recordings, text) from public, anon, authenticated, service_role;
revoke execute on function app.finish_recording(uuid, text, jsonb, text, text) from public, anon, authenticated, service_role;
revoke execute on function app.ask_transcript(public.recordings) from public, anon, authenticated, service_role;
revoke execute on function app.ask_recording(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.finish_speech(uuid, uuid, text, boolean) from public, anon, authenticated, service_role;
grant execute on function app.meter_recording(bigint, int, float8) to lamina_worker;
grant execute on function app.meter_speech(bigint, int) to lamina_worker;
grant execute on function app.finish_recording(uuid, text, jsonb, text, text) to lamina_worker;
grant execute on function app.ask_recording(uuid) to lamina_worker;
grant execute on function app.finish_speech(uuid, uuid, text, boolean) to lamina_worker;

------------------------------------------------------------------------------------------------
-- Speech
------------------------------------------------------------------------------------------------
create function app.speak_answer(p_recording_id uuid) returns bigint
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_recording public.recordings;
  v_job_id bigint;
begin
  update public.recordings as r
  set speech_status = 'pending', speech_error_code = null, speech_error_message = null
  where r.id = p_recording_id and r.wants_speech and r.speech_status is distinct from 'ready'
    and exists (select from public.messages as m where m.id = r.answer_id and m.status = 'complete')
  returning * into v_recording;
  if found then
    v_job_id := app.enqueue_voice('voice.speak', v_recording, format('speak:%s', v_recording.answer_id));
  end if;
  return v_job_id;
end;
$$;

comment on function app.speak_answer(uuid) is 'Has a complete answer read aloud, if that is wanted and has not happened: the job, or null. Internal.';

create function app.speak_when_answered() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform app.speak_answer(r.id) from public.recordings as r where r.answer_id = new.id;
  return null;
end;
$$;

comment on function app.speak_when_answered() is 'The answer to a recording is complete.';

create trigger speak_when_answered after update of status on public.messages
  for each row when (new.role = 'assistant' and new.status = 'complete' and old.status <> 'complete')
  execute function app.speak_when_answered();
comment on trigger speak_when_answered on public.messages is 'Who spoke may want to hear.';

revoke execute on function app.speak_answer(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.speak_when_answered() from public, anon, authenticated, service_role;

------------------------------------------------------------------------------------------------
-- The mirror, and broadcasts
------------------------------------------------------------------------------------------------
create function app.mirror_voice_job() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_code text := coalesce(new.error_code, case when new.status = 'cancelled' then 'job.cancelled' end);
  v_message text := coalesce(new.error_message, case when new.status = 'cancelled' then 'It was cancelled.' end);
begin
  case new.kind
    when 'voice.transcribe' then
      update public.recordings as r
      set status = case new.status when 'queued' then 'pending' when 'running' then 'processing' else new.status end,
        stage = case when new.status = 'running' then new.stage end, error_code = v_code, error_message = v_message
      where r.id = new.subject_id;
    when 'voice.ask' then
      update public.recordings as r set answer_error_code = v_code, answer_error_message = v_message
      where r.id = new.subject_id;
    when 'voice.speak' then
      update public.recordings as r
      set speech_status = case when new.gate = 'closed' then 'failed' else 'pending' end,
        speech_error_code = v_code, speech_error_message = v_message
      where r.id = new.subject_id and r.wants_speech and r.speech_status is distinct from 'ready';
  end case;
  return null;
end;
$$;

comment on function app.mirror_voice_job() is
  'Success is written by the worker with its result; every other move of a voice job shows in the recording from here.';

create trigger mirror_voice_job after update of status, stage on public.jobs
  for each row when (
    new.subject_id is not null and new.status <> 'succeeded'
    and new.kind in ('voice.transcribe', 'voice.ask', 'voice.speak')
    and (new.status, new.stage) is distinct from (old.status, old.stage))
  execute function app.mirror_voice_job();
comment on trigger mirror_voice_job on public.jobs is 'No recording is left waiting for a job that has ended.';

create function app.broadcast_recording() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_row public.recordings := case when tg_op = 'DELETE' then old else new end;
begin
  perform realtime.send(
    jsonb_build_object('id', v_row.id, 'operation', tg_op, 'status', v_row.status, 'stage', v_row.stage,
                       'error_code', v_row.error_code, 'answer_id', v_row.answer_id, 'speech_status', v_row.speech_status),
    'recording', 'user:' || v_row.created_by, true);
  return null;
end;
$$;

comment on function app.broadcast_recording() is 'Tells the one whose recording it is that it came, moved or went; the row is the truth.';

create trigger broadcast_insert after insert or delete on public.recordings
  for each row execute function app.broadcast_recording();
comment on trigger broadcast_insert on public.recordings is 'A new recording shows, and one that went.';
create trigger broadcast_update after update on public.recordings
  for each row when (
    (new.status, new.stage, new.answer_id, new.answer_error_code, new.speech_status, new.title)
    is distinct from (old.status, old.stage, old.answer_id, old.answer_error_code, old.speech_status, old.title))
  execute function app.broadcast_recording();
comment on trigger broadcast_update on public.recordings is 'So does its progress.';

revoke execute on function app.mirror_voice_job() from public, anon, authenticated, service_role;
revoke execute on function app.broadcast_recording() from public, anon, authenticated, service_role;
