-- Purpose:  the functions of courses that a browser calls, and exact rights.
-- Risk:     none, new functions only.
-- Way back: drop the functions of this file.
set local lock_timeout = '5s';

create function public.set_course_status(p_course_id uuid, p_status text) returns public.courses
language sql volatile security invoker set search_path = ''
begin atomic
  select * from app.set_course_status(p_course_id, p_status);
end;

comment on function public.set_course_status(uuid, text) is
  'Publishes or archives a course, in either direction; needs courses.write and, to publish, a published lesson. Errors: course.bad_status, course.bad_transition, course.empty, course.not_found, workspace.forbidden.';

create function public.create_lesson(p_course_id uuid, p_title text, p_content text, p_is_published boolean default false)
returns public.lessons
language sql volatile security invoker set search_path = ''
begin atomic
  select * from app.create_lesson(p_course_id, p_title, p_content, p_is_published);
end;

comment on function public.create_lesson(uuid, text, text, boolean) is
  'Adds a lesson at the end; its text (Markdown) is the document of the same id: change it by save_document_version. Errors: course.not_found, document.bad_title, document.bad_content, lesson.bad_title, quota.exceeded, workspace.forbidden.';

create function public.move_lesson(p_lesson_id uuid, p_position int) returns public.lessons
language sql volatile security invoker set search_path = ''
begin atomic
  select * from app.move_lesson(p_lesson_id, p_position);
end;

comment on function public.move_lesson(uuid, int) is 'Puts a lesson at this place of its course, from 1. Errors: lesson.not_found, workspace.forbidden.';

create function public.attach_document(p_lesson_id uuid, p_document_id uuid) returns public.documents
language sql volatile security invoker set search_path = ''
begin atomic
  select app.attach_document(p_lesson_id, p_document_id);
end;

comment on function public.attach_document(uuid, uuid) is
  'Puts a document of the workspace into a lesson: from here on only its learners and teachers read, find and are answered from it. Errors: lesson.not_found, lesson.document_taken, document.not_found, workspace.forbidden.';

create function public.detach_document(p_document_id uuid) returns public.documents
language sql volatile security invoker set search_path = ''
begin atomic
  select app.detach_document(p_document_id);
end;

comment on function public.detach_document(uuid) is
  'Takes a document out of its lesson: every member with documents.read reads it again. Errors: lesson.owns_document, document.not_found, workspace.forbidden.';

create function public.attach_recording(p_recording_id uuid, p_lesson_id uuid) returns public.recordings
language sql volatile security invoker set search_path = ''
begin atomic
  select app.attach_recording(p_recording_id, p_lesson_id);
end;

comment on function public.attach_recording(uuid, uuid) is
  'Puts a recording of yours into a lesson, or takes it out with null (teachers anybody''s): learners hear it, and its transcript is found as a document of the lesson. Errors: recording.not_found, recording.forbidden, lesson.not_found, quota.exceeded, workspace.forbidden.';

create function public.enrol(p_course_id uuid, p_user_id uuid default null) returns public.enrolments
language sql volatile security invoker set search_path = ''
begin atomic
  select * from app.enrol(p_course_id, p_user_id);
end;

comment on function public.enrol(uuid, uuid) is
  'Enrols a member, by a teacher, or oneself where the course is open; enrolling twice changes nothing. Errors: course.not_found, course.not_published, member.not_found, quota.exceeded, workspace.forbidden.';

create function public.unenrol(p_course_id uuid, p_user_id uuid default null) returns void
language sql volatile security invoker set search_path = ''
begin atomic
  select app.unenrol(p_course_id, p_user_id);
end;

comment on function public.unenrol(uuid, uuid) is
  'Ends an enrolment, one''s own or as a teacher: from here on the lessons are neither read, found nor answered from; notes, questions and progress stay. Errors: course.not_found, workspace.forbidden.';

create function public.read_lesson(p_lesson_id uuid) returns jsonb
language sql stable security invoker set search_path = ''
begin atomic
  select app.read_lesson(p_lesson_id);
end;

comment on function public.read_lesson(uuid) is
  'A lesson to study: {id, course_id, title, position, version, content, documents[] (texts with their content), recordings[], completed_at}; files are fetched by signed addresses of their bucket. Errors: lesson.not_found, course.not_enrolled.';

create function public.mark_lesson(p_lesson_id uuid, p_is_done boolean) returns jsonb
language sql volatile security invoker set search_path = ''
begin atomic
  select app.mark_lesson(p_lesson_id, p_is_done);
end;

comment on function public.mark_lesson(uuid, boolean) is
  'Says that a lesson is done, or only begun. Returns {done, total, completed_at}: the course is completed when every published lesson is. Errors: lesson.not_found, course.not_enrolled.';

create function public.my_courses(p_workspace_id uuid)
returns table (
  course_id uuid, title text, status text, enrolled_at timestamptz, done bigint, total bigint, completed_at timestamptz,
  conversation_id uuid)
language sql stable security invoker set search_path = ''
begin atomic
  select e.course_id, c.title, c.status, e.enrolled_at, count(p.completed_at), count(l.id), e.completed_at, e.conversation_id
  from public.enrolments as e
  join public.courses as c on c.id = e.course_id
  left join public.lessons as l on l.course_id = e.course_id and l.is_published
  left join public.lesson_progress as p on p.lesson_id = l.id and p.user_id = e.user_id
  where e.workspace_id = p_workspace_id and e.user_id = (select app.user_id())
  group by e.course_id, e.user_id, c.title, c.status
  order by e.enrolled_at, e.course_id;
end;

comment on function public.my_courses(uuid) is 'The caller''s courses in a workspace with how far they are; subscribe to conversation:<conversation_id> to hear the AI answer.';

create function public.course_progress(p_course_id uuid)
returns table (user_id uuid, username text, enrolled_at timestamptz, done bigint, total bigint, last_at timestamptz, completed_at timestamptz)
language sql stable security invoker set search_path = ''
begin atomic
  select * from app.course_progress(p_course_id);
end;

comment on function public.course_progress(uuid) is 'How far each learner of a course is; needs courses.write. Errors: course.not_found, workspace.forbidden.';

create function public.ask_lesson(p_lesson_id uuid, p_question text, p_audience text default 'ai', p_idempotency_key text default null)
returns public.lesson_questions
language sql volatile security invoker set search_path = ''
begin atomic
  select * from app.ask_lesson(p_lesson_id, p_question, p_audience, p_idempotency_key);
end;

comment on function public.ask_lesson(uuid, text, text, text) is
  'Asks the AI (its answer is the row answer_id in messages, from this course only, with citations) or the teacher, who is told. Errors: lesson.not_found, course.not_enrolled, lesson.bad_audience, ask.bad_question, ask.bad_idempotency_key, ask.idempotency_conflict, lesson.too_many, quota.exceeded.';

create function public.answer_lesson_question(p_question_id uuid, p_body text) returns public.lesson_answers
language sql volatile security invoker set search_path = ''
begin atomic
  select * from app.answer_lesson_question(p_question_id, p_body);
end;

comment on function public.answer_lesson_question(uuid, text) is
  'Answers a question to the teacher; the learner is told. Errors: lesson.question_not_found, lesson.bad_answer, workspace.forbidden.';

revoke execute on function app.meter_course() from public, anon, authenticated, service_role;
revoke execute on function app.broadcast_course() from public, anon, authenticated, service_role;
revoke execute on function app.course_for(uuid, text) from public, anon, authenticated, service_role;
revoke execute on function app.set_course_status(uuid, text) from public, anon, authenticated, service_role;
revoke execute on function app.create_lesson(uuid, text, text, boolean) from public, anon, authenticated, service_role;
revoke execute on function app.rename_lesson_document() from public, anon, authenticated, service_role;
revoke execute on function app.lesson_for(uuid, text) from public, anon, authenticated, service_role;
revoke execute on function app.move_lesson(uuid, int) from public, anon, authenticated, service_role;
revoke execute on function app.attach_document(uuid, uuid) from public, anon, authenticated, service_role;
revoke execute on function app.detach_document(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.attach_recording(uuid, uuid) from public, anon, authenticated, service_role;
revoke execute on function app.keep_transcript() from public, anon, authenticated, service_role;
revoke execute on function app.meter_learners() from public, anon, authenticated, service_role;
revoke execute on function app.enrol(uuid, uuid) from public, anon, authenticated, service_role;
revoke execute on function app.unenrol(uuid, uuid) from public, anon, authenticated, service_role;
revoke execute on function app.lesson_to_study(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.read_lesson(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.mark_lesson(uuid, boolean) from public, anon, authenticated, service_role;
revoke execute on function app.course_progress(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.lesson_conversation(uuid, uuid) from public, anon, authenticated, service_role;
revoke execute on function app.ask_the_ai(public.lessons, text, text) from public, anon, authenticated, service_role;
revoke execute on function app.limit_questions(uuid, text) from public, anon, authenticated, service_role;
revoke execute on function app.tell_teacher(public.lessons, public.lesson_questions) from public, anon, authenticated, service_role;
revoke execute on function app.ask_lesson(uuid, text, text, text) from public, anon, authenticated, service_role;
revoke execute on function app.answer_lesson_question(uuid, text) from public, anon, authenticated, service_role;
revoke execute on function app.broadcast_lesson_question() from public, anon, authenticated, service_role;
revoke execute on function public.set_course_status(uuid, text) from public, anon, authenticated, service_role;
revoke execute on function public.create_lesson(uuid, text, text, boolean) from public, anon, authenticated, service_role;
revoke execute on function public.move_lesson(uuid, int) from public, anon, authenticated, service_role;
revoke execute on function public.attach_document(uuid, uuid) from public, anon, authenticated, service_role;
revoke execute on function public.detach_document(uuid) from public, anon, authenticated, service_role;
revoke execute on function public.attach_recording(uuid, uuid) from public, anon, authenticated, service_role;
revoke execute on function public.enrol(uuid, uuid) from public, anon, authenticated, service_role;
revoke execute on function public.unenrol(uuid, uuid) from public, anon, authenticated, service_role;
revoke execute on function public.read_lesson(uuid) from public, anon, authenticated, service_role;
revoke execute on function public.mark_lesson(uuid, boolean) from public, anon, authenticated, service_role;
revoke execute on function public.my_courses(uuid) from public, anon, authenticated, service_role;
revoke execute on function public.course_progress(uuid) from public, anon, authenticated, service_role;
revoke execute on function public.ask_lesson(uuid, text, text, text) from public, anon, authenticated, service_role;
revoke execute on function public.answer_lesson_question(uuid, text) from public, anon, authenticated, service_role;
grant execute on function app.set_course_status(uuid, text) to authenticated;
grant execute on function app.create_lesson(uuid, text, text, boolean) to authenticated;
grant execute on function app.move_lesson(uuid, int) to authenticated;
grant execute on function app.attach_document(uuid, uuid) to authenticated;
grant execute on function app.detach_document(uuid) to authenticated;
grant execute on function app.attach_recording(uuid, uuid) to authenticated;
grant execute on function app.enrol(uuid, uuid) to authenticated;
grant execute on function app.unenrol(uuid, uuid) to authenticated;
grant execute on function app.read_lesson(uuid) to authenticated;
grant execute on function app.mark_lesson(uuid, boolean) to authenticated;
grant execute on function app.course_progress(uuid) to authenticated;
grant execute on function app.ask_lesson(uuid, text, text, text) to authenticated;
grant execute on function app.answer_lesson_question(uuid, text) to authenticated;
grant execute on function public.set_course_status(uuid, text) to authenticated;
grant execute on function public.create_lesson(uuid, text, text, boolean) to authenticated;
grant execute on function public.move_lesson(uuid, int) to authenticated;
grant execute on function public.attach_document(uuid, uuid) to authenticated;
grant execute on function public.detach_document(uuid) to authenticated;
grant execute on function public.attach_recording(uuid, uuid) to authenticated;
grant execute on function public.enrol(uuid, uuid) to authenticated;
grant execute on function public.unenrol(uuid, uuid) to authenticated;
grant execute on function public.read_lesson(uuid) to authenticated;
grant execute on function public.mark_lesson(uuid, boolean) to authenticated;
grant execute on function public.my_courses(uuid) to authenticated;
grant execute on function public.course_progress(uuid) to authenticated;
grant execute on function public.ask_lesson(uuid, text, text, text) to authenticated;
grant execute on function public.answer_lesson_question(uuid, text) to authenticated;
