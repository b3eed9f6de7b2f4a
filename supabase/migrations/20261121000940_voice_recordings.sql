-- Purpose:  the bucket voice, recordings with their transcripts, and sessions of realtime voice.
-- Risk:     none, new objects only.
-- Way back: drop the three tables, delete the job kinds voice.*; empty the bucket by the Storage API.
set local lock_timeout = '5s';

insert into app.job_kinds (kind, lane, max_attempts, provider, cost) values
  ('voice.transcribe', 'ingest', 5, 'speech', 5),
  ('voice.speak', 'outbound', 3, 'speech', 1),
  ('voice.remove_objects', 'outbound', 10, 'storage', 1);

-- A call is paid by the seconds we grant, and the vendor decides when it ends: not for plan free.
insert into public.plan_entitlements (plan_version_id, entitlement)
select v.id, 'voice.realtime' from public.plan_versions as v where v.plan <> 'free';

-- What browsers and phones record, under the names they give it. The worker looks at the contents.
insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
values ('voice', 'voice', false, 209715200, array[
  'audio/wav', 'audio/x-wav', 'audio/wave', 'audio/vnd.wave', 'audio/flac', 'audio/x-flac', 'audio/ogg', 'audio/opus',
  'audio/mpeg', 'audio/mp3', 'audio/mp4', 'audio/m4a', 'audio/x-m4a', 'audio/aac', 'audio/webm', 'audio/amr',
  'video/mp4', 'video/webm', 'video/ogg', 'application/ogg'])
on conflict (id) do update
  set public = excluded.public, file_size_limit = excluded.file_size_limit, allowed_mime_types = excluded.allowed_mime_types;

------------------------------------------------------------------------------------------------
-- public.recordings
------------------------------------------------------------------------------------------------
create table public.recordings (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  title text not null check (length(title) between 1 and 300),
  object_path text unique,
  byte_size bigint not null default 0 check (byte_size >= 0),
  status text not null default 'pending'
    check (status in ('pending', 'processing', 'transcribed', 'failed', 'cancelled')),
  stage text,
  error_code text,
  error_message text,
  seconds float8,
  transcript text,
  segments jsonb not null default '[]' check (jsonb_typeof(segments) = 'array'),
  language text,
  model text,
  wants_answer boolean not null default false,
  wants_speech boolean not null default false check (wants_answer or not wants_speech),
  conversation_id uuid references public.conversations (id) on delete set null,
  asked_lesson_id uuid,
  answer_id uuid references public.messages (id) on delete set null,
  answer_error_code text,
  answer_error_message text,
  speech_status text check (speech_status in ('pending', 'ready', 'failed')),
  speech_path text,
  speech_is_whole boolean,
  speech_error_code text,
  speech_error_message text,
  job_id bigint,
  created_by uuid not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  transcribed_at timestamptz
);

comment on table public.recordings is 'Uploaded recordings and what was said in them; as private as a conversation.';
comment on column public.recordings.title is 'Name for people; begins as the file''s name.';
comment on column public.recordings.object_path is 'Name in the bucket voice: <workspace_id>/<user_id>/…; null when the upload was refused.';
comment on column public.recordings.byte_size is 'Size of the file, in bytes.';
comment on column public.recordings.status is 'pending → processing → transcribed | failed | cancelled.';
comment on column public.recordings.stage is 'What the worker is doing with it.';
comment on column public.recordings.error_code is 'Why there is no transcript, stable; see docs/error-codes.md.';
comment on column public.recordings.error_message is 'The same for people.';
comment on column public.recordings.seconds is 'Length as measured by decoding; what is metered, rounded up.';
comment on column public.recordings.transcript is 'What was said; empty where nobody spoke, null before it is known.';
comment on column public.recordings.segments is 'Array of {start, end, text} in order, seconds from the beginning.';
comment on column public.recordings.language is 'ISO 639-1, as the recogniser heard it; null when it does not tell.';
comment on column public.recordings.model is 'Who wrote it down, provider:model.';
comment on column public.recordings.wants_answer is 'The transcript is asked as a question once it is there.';
comment on column public.recordings.wants_speech is 'The answer is read aloud once it is there.';
comment on column public.recordings.conversation_id is 'Conversation the question belongs to; null until it is asked, unless one was named.';
comment on column public.recordings.asked_lesson_id is 'Lesson at which it is asked, of its course alone; null: asked as every question is.';
comment on column public.recordings.answer_id is 'The answer, a row of messages.';
comment on column public.recordings.answer_error_code is 'Why it could not be asked, stable; the transcript stands.';
comment on column public.recordings.answer_error_message is 'The same for people.';
comment on column public.recordings.speech_status is 'pending → ready | failed; null when nothing is to be read aloud.';
comment on column public.recordings.speech_path is 'Name of the MP3 in the bucket voice: <workspace_id>/<user_id>/answers/….';
comment on column public.recordings.speech_is_whole is 'False when a long answer was read in part.';
comment on column public.recordings.speech_error_code is 'Why there is no speech, stable; the answer stands.';
comment on column public.recordings.speech_error_message is 'The same for people.';
comment on column public.recordings.job_id is 'Job that transcribes it: watch, cancel or retry that.';
comment on column public.recordings.created_by is 'Whose it is: the user in the path.';
comment on column public.recordings.transcribed_at is 'When the transcript was there.';

create index recordings_created_by_idx on public.recordings (created_by, workspace_id, created_at desc, id);
create index recordings_workspace_idx on public.recordings (workspace_id, created_at desc, id);
create index recordings_conversation_idx on public.recordings (conversation_id) where conversation_id is not null;
create index recordings_answer_idx on public.recordings (answer_id) where answer_id is not null;

alter table public.recordings enable row level security;

create policy select_participants on public.recordings
  for select to authenticated
  using (
    (created_by = (select app.user_id()) and workspace_id = any (array(select app.workspaces_with('conversations.read'))))
    or workspace_id = any (array(select app.workspaces_with('conversations.read_all'))));
create policy update_own on public.recordings
  for update to authenticated
  using (created_by = (select app.user_id()) and workspace_id = any (array(select app.workspaces_with('conversations.write'))))
  with check (created_by = (select app.user_id()));

comment on policy select_participants on public.recordings is 'One''s own, or all with conversations.read_all: a spoken question is a question.';
comment on policy update_own on public.recordings is 'Who recorded it renames it; only the title is granted.';

revoke all on table public.recordings from public, anon, authenticated, service_role;
grant select, update (title) on table public.recordings to authenticated;
grant select on table public.recordings to service_role, lamina_worker;

create trigger touch_updated_at before update on public.recordings
  for each row execute function app.touch_updated_at();
comment on trigger touch_updated_at on public.recordings is 'Stamps updated_at.';

------------------------------------------------------------------------------------------------
-- app.recording_pieces
------------------------------------------------------------------------------------------------
create table app.recording_pieces (
  recording_id uuid not null references public.recordings (id) on delete cascade,
  start_seconds float8 not null,
  end_seconds float8 not null,
  transcript jsonb not null check (jsonb_typeof(transcript) = 'object'),
  primary key (recording_id, start_seconds, end_seconds)
);

comment on table app.recording_pieces is
  'Transcripts of the pieces of a long recording, while the others are missing: another attempt does not pay for them again.';
comment on column app.recording_pieces.start_seconds is 'Where the piece begins in the recording.';
comment on column app.recording_pieces.end_seconds is 'Where it ends.';
comment on column app.recording_pieces.transcript is '{text, language, model, segments: [{start, end, text}]}, times from the beginning of the piece.';

alter table app.recording_pieces enable row level security;

revoke all on table app.recording_pieces from public, anon, authenticated, service_role;
grant select, insert on table app.recording_pieces to lamina_worker;

------------------------------------------------------------------------------------------------
-- app.realtime_sessions
------------------------------------------------------------------------------------------------
create table app.realtime_sessions (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  entry_id bigint not null references public.usage_ledger (id) on delete cascade,
  seconds int not null check (seconds between 60 and 3600),
  status text not null default 'reserved' check (status in ('reserved', 'minted', 'failed')),
  created_by uuid not null,
  created_at timestamptz not null default now()
);

comment on table app.realtime_sessions is 'Tokens for talking from a browser: seconds are held before one is minted, and used or given back after.';
comment on column app.realtime_sessions.entry_id is 'The ledger''s entry of its seconds.';
comment on column app.realtime_sessions.seconds is 'What is paid for a call, however long it is.';
comment on column app.realtime_sessions.status is 'reserved → minted (used) | failed (given back).';
comment on column app.realtime_sessions.created_by is 'Who asked for the token.';

create index realtime_sessions_workspace_idx on app.realtime_sessions (workspace_id, created_at) where status = 'reserved';
create index realtime_sessions_workspace_fk_idx on app.realtime_sessions (workspace_id);
create index realtime_sessions_created_by_idx on app.realtime_sessions (created_by, created_at);
create index realtime_sessions_entry_idx on app.realtime_sessions (entry_id);

alter table app.realtime_sessions enable row level security;

revoke all on table app.realtime_sessions from public, anon, authenticated, service_role;
