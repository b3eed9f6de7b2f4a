-- name: get_recording
-- A recording to transcribe; no row when it was deleted meanwhile.
select r.id, r.object_path from public.recordings as r
where r.id = %(recording_id)s and r.object_path is not null and r.status <> 'transcribed';

-- name: meter_recording
-- Reserves its seconds with the job; code and message say why not.
select m.code, m.message from app.meter_recording(%(job_id)s, %(attempt)s, %(seconds)s) as m;

-- name: list_pieces
-- Pieces that earlier attempts wrote down.
select p.start_seconds, p.end_seconds, p.transcript from app.recording_pieces as p
where p.recording_id = %(recording_id)s;

-- name: keep_piece
-- A piece is written down; nothing happens when the recording was deleted meanwhile.
insert into app.recording_pieces (recording_id, start_seconds, end_seconds, transcript)
select r.id, %(start)s, %(end)s, %(transcript)s from public.recordings as r where r.id = %(recording_id)s
on conflict do nothing;

-- name: finish_recording
-- The transcript; where an answer is wanted, the question follows.
select app.finish_recording(%(recording_id)s, %(transcript)s, %(segments)s, %(language)s, %(model)s);

-- name: ask_recording
-- Asks what was said, as the one who said it.
select app.ask_recording(%(recording_id)s);

-- name: get_answer
-- A complete answer to read aloud; no row when that is no longer wanted or has happened.
select r.workspace_id, r.created_by, m.id as answer_id, m.content
from public.recordings as r
join public.messages as m on m.id = r.answer_id
where r.id = %(recording_id)s and r.wants_speech and r.speech_status <> 'ready' and m.status = 'complete';

-- name: meter_speech
-- Reserves the seconds of an answer with the job; code and message say why not.
select m.code, m.message from app.meter_speech(%(job_id)s, %(attempt)s) as m;

-- name: finish_speech
-- The answer can be heard.
select app.finish_speech(%(recording_id)s, %(answer_id)s, %(path)s, %(is_whole)s);

-- name: list_unused
-- Of files to be removed, those that no recording stands on.
select p as path from unnest(%(paths)s::text[]) as p
where not exists (select from public.recordings as r where p in (r.object_path, r.speech_path));
