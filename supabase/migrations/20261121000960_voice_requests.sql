-- Purpose:  what a browser does with recordings, and tokens for realtime voice.
-- Risk:     none, new functions only.
-- Way back: drop the functions of this file.
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- Answer, delete
------------------------------------------------------------------------------------------------
create function app.lock_recording(p_recording_id uuid) returns public.recordings
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_recording public.recordings;
begin
  select * into v_recording from public.recordings as r
  where r.id = p_recording_id
    and (r.created_by = app.user_id() and r.workspace_id = any (array(select app.workspaces_with('conversations.read')))
         or r.workspace_id = any (array(select app.workspaces_with('conversations.read_all'))))
  for no key update;
  if not found then
    perform app.fail(404, 'recording.not_found', 'There is no such recording.');
  end if;
  if v_recording.created_by <> app.user_id() then
    perform app.fail(403, 'recording.forbidden', 'Only the one who recorded it may change it.');
  end if;
  return v_recording;
end;
$$;

comment on function app.lock_recording(uuid) is 'The recording, locked, if it is the caller''s own; else 404 or 403. Internal.';

create function app.require_place(p_recording public.recordings, p_conversation_id uuid, p_lesson_id uuid) returns void
language plpgsql stable security definer set search_path = '' as $$
begin
  if num_nonnulls(p_conversation_id, p_lesson_id) = 2 then
    perform app.fail(400, 'recording.two_places', 'A question is asked at a lesson or in a conversation, not both.');
  elsif p_lesson_id is not null then
    if (app.lesson_to_study(p_lesson_id)).workspace_id <> p_recording.workspace_id then
      perform app.fail(404, 'lesson.not_found', 'There is no such lesson.');
    end if;
    return;
  elsif p_conversation_id is not null and not exists (
    select from public.conversations as c
    where c.id = p_conversation_id and c.workspace_id = p_recording.workspace_id and c.created_by = app.user_id()) then
    perform app.fail(404, 'conversation.not_found', 'There is no such conversation of yours.');
  elsif p_conversation_id is not null or p_recording.asked_lesson_id is null then
    perform app.require_permission(p_recording.workspace_id, 'conversations.write');
  end if;
end;
$$;

comment on function app.require_place(public.recordings, uuid, uuid) is
  'Refuses where the caller may not ask: learners ask at their lessons, everything else needs conversations.write. Internal.';

create function app.answer_recording(p_recording_id uuid, p_conversation_id uuid, p_speak boolean, p_lesson_id uuid)
returns public.recordings
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_recording public.recordings;
  v_asked jsonb;
  v_job_id bigint;
begin
  -- The worker locks an answer before the recording it answers; so does this.
  perform from public.messages as m
  join public.recordings as r on r.answer_id = m.id
  where r.id = p_recording_id and r.created_by = app.user_id()
  for no key update of m;
  v_recording := app.lock_recording(p_recording_id);
  perform app.require_entitlement(v_recording.workspace_id, 'voice');
  if v_recording.answer_id is not null then
    perform app.require_place(v_recording, null, null);
  else
    perform app.require_place(v_recording, p_conversation_id, p_lesson_id);
    v_recording.conversation_id := coalesce(p_conversation_id, v_recording.conversation_id);
    v_recording.asked_lesson_id := case when p_conversation_id is null then coalesce(p_lesson_id, v_recording.asked_lesson_id) end;
    if v_recording.status = 'transcribed' then
      v_asked := app.ask_transcript(v_recording);
    end if;
  end if;
  update public.recordings as r
  set wants_answer = true, wants_speech = r.wants_speech or coalesce(p_speak, false),
    conversation_id = coalesce((v_asked ->> 'conversation_id')::uuid, v_recording.conversation_id),
    asked_lesson_id = v_recording.asked_lesson_id,
    answer_id = coalesce(r.answer_id, (v_asked ->> 'answer_id')::uuid),
    answer_error_code = null, answer_error_message = null
  where r.id = p_recording_id;
  v_job_id := app.speak_answer(p_recording_id);
  select * into v_recording from public.recordings as r where r.id = p_recording_id;
  if v_job_id is not null then
    perform app.consume(v_recording.workspace_id, 'voice_seconds', app.spoken_seconds(v_recording.answer_id), v_job_id);
  end if;
  return v_recording;
end;
$$;

comment on function app.answer_recording(uuid, uuid, boolean, uuid) is 'Behind public.answer_recording.';

create function public.answer_recording(
  p_recording_id uuid, p_conversation_id uuid default null, p_speak boolean default false, p_lesson_id uuid default null)
returns public.recordings
language sql volatile security invoker set search_path = ''
begin atomic
  select * from app.answer_recording(p_recording_id, p_conversation_id, p_speak, p_lesson_id);
end;

comment on function public.answer_recording(uuid, uuid, boolean, uuid) is
  'Asks what was said in a recording of yours: at once when it is transcribed, else as soon as it is; p_speak also has the answer read aloud; p_lesson_id asks at a lesson as ask_lesson does. Calling it again adds the speech and asks nothing twice. Errors: recording.not_found, recording.forbidden, recording.two_places, conversation.not_found, lesson.not_found, course.not_enrolled, lesson.too_many, plan.not_entitled, quota.exceeded (reading aloud uses voice_seconds), and those of ask.';

create function app.require_may_delete(p_recording public.recordings) returns void
language plpgsql stable security definer set search_path = '' as $$
begin
  if p_recording.id is null then
    perform app.fail(404, 'recording.not_found', 'There is no such recording.');
  elsif p_recording.created_by = app.user_id() then
    return;
  elsif exists (
    select from public.workspace_members as m
    where m.workspace_id = p_recording.workspace_id and m.user_id = p_recording.created_by) then
    perform app.fail(403, 'recording.forbidden', 'Only the one who recorded it may change it.');
  end if;
  perform app.require_permission(p_recording.workspace_id, 'members.manage');
end;
$$;

comment on function app.require_may_delete(public.recordings) is
  'Whose it is, while a member; of those who have left, who manages members. Internal.';

create function app.delete_recording(p_recording_id uuid) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_recording public.recordings;
begin
  select * into v_recording from public.recordings as r
  where r.id = p_recording_id
    and (r.created_by = app.user_id() and r.workspace_id = any (array(select app.workspaces_with('conversations.read')))
         or r.workspace_id = any (array(select app.workspaces_with('conversations.read_all'))));
  perform app.require_may_delete(v_recording);
  perform app.lock_recording_work(p_recording_id);
  perform from public.recordings as r where r.id = p_recording_id for update;
  if not found then
    perform app.fail(404, 'recording.not_found', 'There is no such recording.');
  elsif v_recording.created_by <> app.user_id() then
    perform app.audit(v_recording.workspace_id, 'recording.deleted', p_recording_id::text,
      jsonb_build_object('title', v_recording.title, 'created_by', v_recording.created_by, 'byte_size', v_recording.byte_size));
  end if;
  perform app.stop_job(j.id) from public.jobs as j where j.subject_id = p_recording_id and j.gate <> 'closed';
  delete from public.recordings as r where r.id = p_recording_id;
end;
$$;

comment on function app.delete_recording(uuid) is 'Behind public.delete_recording. A running job is asked to stop and can write nothing more.';

create function public.delete_recording(p_recording_id uuid) returns void
language sql volatile security invoker set search_path = ''
begin atomic
  select app.delete_recording(p_recording_id);
end;

comment on function public.delete_recording(uuid) is
  'Deletes a recording of yours in any state: row, transcript, queued work and files; question and answer stay in their conversation. Who manages members deletes those of people who have left, which is audited. Errors: recording.not_found, recording.forbidden.';

------------------------------------------------------------------------------------------------
-- Realtime
------------------------------------------------------------------------------------------------
create function app.start_realtime_session(p_workspace_id uuid, p_seconds int) returns uuid
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_counter app.usage_counters;
  v_entry_id bigint;
  v_id uuid;
begin
  perform app.require_permission(p_workspace_id, 'conversations.write');
  perform app.require_entitlement(p_workspace_id, 'voice.realtime');
  if p_seconds is null or p_seconds not between 60 and 3600 then
    perform app.fail(400, 'realtime.bad_seconds', 'A call is paid with 60 to 3600 seconds.');
  end if;
  -- Whoever held seconds and never said what became of the token gets them back.
  perform app.settle_realtime_session(s.id, false) from app.realtime_sessions as s
  where s.workspace_id = p_workspace_id and s.status = 'reserved' and s.created_at < now() - interval '10 minutes';
  perform app.lock_ordering_key(format('realtime:%s', app.user_id()));
  if exists (
    select from app.realtime_sessions as s
    where s.created_by = app.user_id() and s.status <> 'failed' and s.created_at > clock_timestamp() - interval '1 minute') then
    perform app.fail(409, 'realtime.token_live', 'Your last token still opens a call.', 'Use it, or ask again in a minute.');
  end if;
  v_counter := app.hold(p_workspace_id, 'voice_seconds', p_seconds);
  insert into public.usage_ledger (workspace_id, metric, quantity, status, period_start, created_by)
  values (p_workspace_id, 'voice_seconds', p_seconds, 'reserved', v_counter.period_start, app.user_id())
  returning id into v_entry_id;
  insert into app.realtime_sessions (workspace_id, entry_id, seconds, created_by)
  values (p_workspace_id, v_entry_id, p_seconds, app.user_id())
  returning id into v_id;
  return v_id;
end;
$$;

comment on function app.start_realtime_session(uuid, int) is
  'Behind public.start_realtime_session. A token opens calls for a minute; two of one person do not at the same time.';

create function public.start_realtime_session(p_workspace_id uuid, p_seconds int default 600) returns uuid
language sql volatile security invoker set search_path = ''
begin atomic
  select app.start_realtime_session(p_workspace_id, p_seconds);
end;

comment on function public.start_realtime_session(uuid, int) is
  'Holds the seconds of voice that a call from the browser is paid with, however long it is; the function realtime-token calls it with REALTIME_SESSION_SECONDS, mints the token and settles. Seconds of a token that was never minted come back. Errors: plan.not_entitled, realtime.bad_seconds, realtime.token_live, quota.exceeded, workspace.forbidden, workspace.not_found.';

create function app.settle_realtime_session(p_session_id uuid, p_minted boolean) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_entry_id bigint;
begin
  update app.realtime_sessions as s set status = case when p_minted then 'minted' else 'failed' end
  where s.id = p_session_id and s.status = 'reserved'
  returning s.entry_id into v_entry_id;
  if v_entry_id is null then
    return;
  elsif p_minted then
    perform app.commit_usage(v_entry_id);
  else
    perform app.release_usage(v_entry_id);
  end if;
end;
$$;

comment on function app.settle_realtime_session(uuid, boolean) is 'Behind public.settle_realtime_session.';

create function public.settle_realtime_session(p_session_id uuid, p_minted boolean) returns void
language sql volatile security invoker set search_path = ''
begin atomic
  select app.settle_realtime_session(p_session_id, p_minted);
end;

comment on function public.settle_realtime_session(uuid, boolean) is
  'For the function realtime-token: the seconds are used when a token was minted, and given back when not. Once; later calls change nothing.';

revoke execute on function app.lock_recording(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.require_place(public.recordings, uuid, uuid) from public, anon, authenticated, service_role;
revoke execute on function app.answer_recording(uuid, uuid, boolean, uuid) from public, anon, authenticated, service_role;
revoke execute on function public.answer_recording(uuid, uuid, boolean, uuid) from public, anon, authenticated, service_role;
revoke execute on function app.require_may_delete(public.recordings) from public, anon, authenticated, service_role;
revoke execute on function app.delete_recording(uuid) from public, anon, authenticated, service_role;
revoke execute on function public.delete_recording(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.start_realtime_session(uuid, int) from public, anon, authenticated, service_role;
revoke execute on function public.start_realtime_session(uuid, int) from public, anon, authenticated, service_role;
revoke execute on function app.settle_realtime_session(uuid, boolean) from public, anon, authenticated, service_role;
revoke execute on function public.settle_realtime_session(uuid, boolean) from public, anon, authenticated, service_role;
grant execute on function app.answer_recording(uuid, uuid, boolean, uuid) to authenticated;
grant execute on function public.answer_recording(uuid, uuid, boolean, uuid) to authenticated;
grant execute on function app.delete_recording(uuid) to authenticated;
grant execute on function public.delete_recording(uuid) to authenticated;
grant execute on function app.start_realtime_session(uuid, int) to authenticated;
grant execute on function public.start_realtime_session(uuid, int) to authenticated;
grant execute on function app.settle_realtime_session(uuid, boolean) to service_role;
grant execute on function public.settle_realtime_session(uuid, boolean) to service_role;
