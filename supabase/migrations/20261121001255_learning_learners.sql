-- Purpose:  who is enrolled, how far they are, what they ask.
-- Risk:     none, new objects only.
-- Way back: drop the four tables.
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- public.enrolments
------------------------------------------------------------------------------------------------
create table public.enrolments (
  course_id uuid not null,
  user_id uuid not null,
  workspace_id uuid not null,
  enrolled_by uuid not null,
  enrolled_at timestamptz not null default now(),
  completed_at timestamptz,
  conversation_id uuid references public.conversations (id) on delete set null,
  primary key (course_id, user_id),
  foreign key (course_id, workspace_id) references public.courses (id, workspace_id) on delete cascade,
  foreign key (workspace_id, user_id) references public.workspace_members (workspace_id, user_id) on delete cascade
);

comment on table public.enrolments is 'Who learns what. It ends with the membership; it decides who reads, finds and is answered from the lessons of a course.';
comment on column public.enrolments.course_id is 'What they learn.';
comment on column public.enrolments.user_id is 'The learner, a member of the workspace.';
comment on column public.enrolments.enrolled_by is 'The learner, or the teacher who enrolled them.';
comment on column public.enrolments.enrolled_at is 'Since when.';
comment on column public.enrolments.completed_at is 'When every lesson that was published then was done; null when one is undone.';
comment on column public.enrolments.conversation_id is 'The learner''s conversation with the AI about this course, made with the enrolment; null when it was deleted, until the next question.';

create index enrolments_course_idx on public.enrolments (course_id, workspace_id);
create index enrolments_member_idx on public.enrolments (workspace_id, user_id);
create index enrolments_user_idx on public.enrolments (user_id, course_id);
create index enrolments_conversation_idx on public.enrolments (conversation_id) where conversation_id is not null;

alter table public.enrolments enable row level security;

create policy select_own_and_teachers on public.enrolments
  for select to authenticated
  using (
    user_id = (select app.user_id())
    or workspace_id = any (array(select app.workspaces_with('courses.write'))));
comment on policy select_own_and_teachers on public.enrolments is 'Learners see their own, teachers all; classmates are nobody else''s business. Written by RPC.';

revoke all on table public.enrolments from public, anon, authenticated, service_role;
grant select on table public.enrolments to authenticated, service_role, lamina_worker;

------------------------------------------------------------------------------------------------
-- public.lesson_progress
------------------------------------------------------------------------------------------------
create table public.lesson_progress (
  lesson_id uuid not null,
  user_id uuid not null,
  workspace_id uuid not null,
  started_at timestamptz not null default now(),
  completed_at timestamptz,
  primary key (lesson_id, user_id),
  foreign key (lesson_id, workspace_id) references public.lessons (id, workspace_id) on delete cascade,
  foreign key (workspace_id, user_id) references public.workspace_members (workspace_id, user_id) on delete cascade
);

comment on table public.lesson_progress is 'How far each learner is. It outlives the enrolment, for whoever comes back, and ends with the membership.';
comment on column public.lesson_progress.lesson_id is 'The lesson.';
comment on column public.lesson_progress.user_id is 'The learner.';
comment on column public.lesson_progress.started_at is 'When they first said something about it.';
comment on column public.lesson_progress.completed_at is 'When they said they were done; null: begun.';

create index lesson_progress_lesson_idx on public.lesson_progress (lesson_id, workspace_id);
create index lesson_progress_member_idx on public.lesson_progress (workspace_id, user_id);
create index lesson_progress_user_idx on public.lesson_progress (user_id);

alter table public.lesson_progress enable row level security;

create policy select_own_and_teachers on public.lesson_progress
  for select to authenticated
  using (
    user_id = (select app.user_id())
    or workspace_id = any (array(select app.workspaces_with('courses.write'))));
comment on policy select_own_and_teachers on public.lesson_progress is 'Learners see their own, teachers all. Written by RPC.';

revoke all on table public.lesson_progress from public, anon, authenticated, service_role;
grant select on table public.lesson_progress to authenticated, service_role, lamina_worker;

------------------------------------------------------------------------------------------------
-- public.lesson_questions
------------------------------------------------------------------------------------------------
create table public.lesson_questions (
  id uuid primary key default gen_random_uuid(),
  seq bigint generated always as identity,
  workspace_id uuid not null,
  lesson_id uuid not null,
  audience text not null check (audience in ('teacher', 'ai')),
  body text not null check (length(body) between 1 and 4000),
  status text not null default 'open' check (status in ('open', 'answered')),
  answer_id uuid references public.messages (id) on delete cascade,
  idempotency_key text check (length(idempotency_key) between 1 and 150),
  asked_by uuid not null,
  created_at timestamptz not null default now(),
  check ((audience = 'ai') = (answer_id is not null)),
  check (audience = 'teacher' or status = 'open'),
  foreign key (lesson_id, workspace_id) references public.lessons (id, workspace_id) on delete cascade,
  foreign key (workspace_id, asked_by) references public.workspace_members (workspace_id, user_id) on delete cascade
);

comment on table public.lesson_questions is 'What learners ask at a lesson, the teacher or the AI.';
comment on column public.lesson_questions.seq is 'Order; pages are read by seq < last seen.';
comment on column public.lesson_questions.lesson_id is 'Where they were when they asked.';
comment on column public.lesson_questions.audience is 'teacher: a person answers in lesson_answers; ai: the answer is a message with citations, from this course only.';
comment on column public.lesson_questions.body is 'The question.';
comment on column public.lesson_questions.status is 'Of a teacher''s question: open → answered. The state of an AI''s answer is its message''s.';
comment on column public.lesson_questions.answer_id is 'The AI''s answer in messages: it streams, is cancelled and fails as every answer does.';
comment on column public.lesson_questions.idempotency_key is 'Chosen by the client: the same key asks once.';
comment on column public.lesson_questions.asked_by is 'The learner.';

create index lesson_questions_lesson_idx on public.lesson_questions (lesson_id, workspace_id);
create index lesson_questions_workspace_idx on public.lesson_questions (workspace_id, asked_by);
create index lesson_questions_asked_by_idx on public.lesson_questions (asked_by, seq desc);
create index lesson_questions_audience_idx on public.lesson_questions (audience, workspace_id, seq desc);
create index lesson_questions_answer_idx on public.lesson_questions (answer_id) where answer_id is not null;
create index lesson_questions_words_idx on public.lesson_questions
  using gin (to_tsvector('pg_catalog.simple'::regconfig, body)) where audience = 'teacher';
create unique index lesson_questions_idempotency_idx on public.lesson_questions (workspace_id, asked_by, idempotency_key)
  where idempotency_key is not null;

alter table public.lesson_questions enable row level security;

create policy select_own_and_teachers on public.lesson_questions
  for select to authenticated
  using (
    (asked_by = (select app.user_id()) and workspace_id = any (array(select app.workspaces_with('courses.read'))))
    or (audience = 'teacher' and workspace_id = any (array(select app.workspaces_with('courses.write')))));
comment on policy select_own_and_teachers on public.lesson_questions is
  'One''s own; teachers read what was asked of teachers. What a learner asks the AI is as private as any conversation.';

revoke all on table public.lesson_questions from public, anon, authenticated, service_role;
revoke all on sequence public.lesson_questions_seq_seq from public, anon, authenticated, service_role;
grant select on table public.lesson_questions to authenticated, service_role;

------------------------------------------------------------------------------------------------
-- public.lesson_answers
------------------------------------------------------------------------------------------------
create table public.lesson_answers (
  id uuid primary key default gen_random_uuid(),
  question_id uuid not null references public.lesson_questions (id) on delete cascade,
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  body text not null check (length(body) between 1 and 20000),
  author_id uuid not null,
  created_at timestamptz not null default now()
);

comment on table public.lesson_answers is 'What teachers answer.';
comment on column public.lesson_answers.question_id is 'What it answers.';
comment on column public.lesson_answers.body is 'Markdown or plain text.';
comment on column public.lesson_answers.author_id is 'The teacher.';

create index lesson_answers_question_idx on public.lesson_answers (question_id, created_at);
create index lesson_answers_workspace_idx on public.lesson_answers (workspace_id);
create index lesson_answers_words_idx on public.lesson_answers using gin (to_tsvector('pg_catalog.simple'::regconfig, body));

alter table public.lesson_answers enable row level security;

create policy select_readers on public.lesson_answers
  for select to authenticated
  using (
    workspace_id = any (array(select app.workspaces_with('courses.read')))
    and exists (select from public.lesson_questions as q where q.id = question_id));
comment on policy select_readers on public.lesson_answers is 'Who reads the question reads its answers.';

revoke all on table public.lesson_answers from public, anon, authenticated, service_role;
grant select on table public.lesson_answers to authenticated, service_role;
