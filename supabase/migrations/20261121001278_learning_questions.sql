-- Purpose:  questions at a lesson: to the AI, which answers from this course only, or to the teacher.
-- Risk:     none, new functions only.
-- Way back: drop the functions of this file.
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- Asking
------------------------------------------------------------------------------------------------
create function app.lesson_conversation(p_course_id uuid, p_user_id uuid) returns uuid
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_enrolment public.enrolments;
begin
  select * into v_enrolment from public.enrolments as e
  where e.course_id = p_course_id and e.user_id = p_user_id for no key update;
  if not found then
    perform app.fail(403, 'course.not_enrolled', 'You are not enrolled in this course.', 'Enrol, or ask a teacher to enrol you.');
  end if;
  if v_enrolment.conversation_id is null then
    insert into public.conversations (workspace_id, title, created_by)
    select c.workspace_id, c.title, p_user_id from public.courses as c where c.id = p_course_id
    returning id into v_enrolment.conversation_id;
    update public.enrolments as e set conversation_id = v_enrolment.conversation_id
    where e.course_id = p_course_id and e.user_id = p_user_id;
  end if;
  return v_enrolment.conversation_id;
end;
$$;

comment on function app.lesson_conversation(uuid, uuid) is 'A learner has one conversation with the AI in each course. Internal.';

create function app.ask_the_ai(p_lesson public.lessons, p_question text, p_key text) returns uuid
language sql volatile security definer set search_path = ''
begin atomic
  select (app.pose_question(
    p_lesson.workspace_id, p_question, app.lesson_conversation(p_lesson.course_id, app.user_id()),
    array(select d.id from public.documents as d join public.lessons as l on l.id = d.lesson_id where l.course_id = p_lesson.course_id),
    'lesson:' || p_key) ->> 'answer_id')::uuid;
end;

comment on function app.ask_the_ai(public.lessons, text, text) is
  'An ordinary question, limited to the documents of the course; which of them the learner may be answered from is asked again when it is answered. Internal.';

create function app.tell_teacher(p_lesson public.lessons, p_question public.lesson_questions) returns void
language sql volatile security definer set search_path = ''
begin atomic
  select app.notify('lesson_question', m.user_id, c.workspace_id, null, pg_catalog.format('lesson_question:%s:%s', p_question.id, m.user_id),
    jsonb_build_object('lesson_id', p_lesson.id, 'question_id', p_question.id, 'title', p_lesson.title,
      'text', pg_catalog.left(p_question.body, 300)))
  from public.courses as c
  join public.workspace_members as m on m.workspace_id = c.workspace_id
  join public.role_permissions as g on g.role = m.role and g.permission = 'courses.write'
  where c.id = p_lesson.course_id
    and (m.user_id = c.teacher_id or not exists (
      select from public.workspace_members as t
      join public.role_permissions as tg on tg.role = t.role and tg.permission = 'courses.write'
      where t.workspace_id = c.workspace_id and t.user_id = c.teacher_id));
end;

comment on function app.tell_teacher(public.lessons, public.lesson_questions) is
  'Tells the course''s teacher; when they teach no more, everybody who does. Internal.';

create function app.limit_questions(p_workspace_id uuid, p_audience text) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_today timestamptz := date_trunc('day', now(), 'UTC');
  v_limit int := case p_audience when 'ai' then 100 else 20 end;
begin
  perform app.lock_ordering_key(format('lesson_questions:%s:%s', p_workspace_id, app.user_id()));
  if v_limit <= (
    select count(*) from public.lesson_questions as q
    where q.workspace_id = p_workspace_id and q.asked_by = app.user_id() and q.audience = p_audience and q.created_at >= v_today) then
    perform app.fail(429, 'lesson.too_many', format('You have asked %s questions today.', v_limit),
      to_char((v_today + interval '1 day') at time zone 'UTC', '"Ask again from" YYYY-MM-DD"T"HH24:MI"Z on."'));
  end if;
end;
$$;

comment on function app.limit_questions(uuid, text) is
  'Refuses more than 100 questions to the AI or 20 to teachers by one person in a workspace and day (UTC), whatever the courses. Its lock is held to the end of the transaction: calls at once are counted one after the other. Internal.';

create function app.ask_lesson(p_lesson_id uuid, p_question text, p_audience text, p_idempotency_key text)
returns public.lesson_questions
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_lesson public.lessons := app.lesson_to_study(p_lesson_id);
  v_user_id uuid := app.user_id();
  v_asked public.lesson_questions;
begin
  if p_audience is null or p_audience not in ('ai', 'teacher') then
    perform app.fail(400, 'lesson.bad_audience', 'A question goes to the ai or to the teacher.');
  elsif p_question is null or p_question !~ '\S' or length(p_question) > 4000 then
    perform app.fail(400, 'ask.bad_question', 'A question has 1 to 4,000 characters.');
  elsif length(p_idempotency_key) not between 1 and 150 then
    perform app.fail(400, 'ask.bad_idempotency_key', 'An idempotency key has 1 to 150 characters here.');
  end if;
  perform from public.enrolments as e where e.course_id = v_lesson.course_id and e.user_id = v_user_id for no key update;
  if not found then
    perform app.fail(403, 'course.not_enrolled', 'You are not enrolled in this course.', 'Enrol, or ask a teacher to enrol you.');
  end if;
  select * into v_asked from public.lesson_questions as q
  where q.workspace_id = v_lesson.workspace_id and q.asked_by = v_user_id and q.idempotency_key = p_idempotency_key;
  if found then
    if (v_asked.lesson_id, v_asked.body, v_asked.audience) is distinct from (p_lesson_id, p_question, p_audience) then
      perform app.fail(409, 'ask.idempotency_conflict', 'This idempotency key was used for another question.');
    end if;
    return v_asked;
  end if;
  perform app.limit_questions(v_lesson.workspace_id, p_audience);
  insert into public.lesson_questions (workspace_id, lesson_id, audience, body, answer_id, idempotency_key, asked_by)
  values (v_lesson.workspace_id, p_lesson_id, p_audience, p_question,
    case p_audience when 'ai' then app.ask_the_ai(v_lesson, p_question, p_idempotency_key) end, p_idempotency_key, v_user_id)
  returning * into v_asked;
  if p_audience = 'teacher' then
    perform app.tell_teacher(v_lesson, v_asked);
  end if;
  return v_asked;
end;
$$;

comment on function app.ask_lesson(uuid, text, text, text) is
  'Behind public.ask_lesson. Learners ask by their enrolment, without conversations.write; the enrolment''s lock makes one key one question.';

------------------------------------------------------------------------------------------------
-- Answering
------------------------------------------------------------------------------------------------
create function app.answer_lesson_question(p_question_id uuid, p_body text) returns public.lesson_answers
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_question public.lesson_questions;
  v_answer public.lesson_answers;
begin
  select * into v_question from public.lesson_questions as q
  where q.id = p_question_id and q.audience = 'teacher'
    and (q.asked_by = app.user_id() or q.workspace_id = any (array(select app.workspaces_with('courses.write'))))
  for no key update;
  if not found then
    perform app.fail(404, 'lesson.question_not_found', 'There is no such question to a teacher.');
  end if;
  perform app.require_permission(v_question.workspace_id, 'courses.write');
  if p_body is null or p_body !~ '\S' or length(p_body) > 20000 then
    perform app.fail(400, 'lesson.bad_answer', 'An answer has 1 to 20,000 characters.');
  end if;
  insert into public.lesson_answers (question_id, workspace_id, body, author_id)
  values (p_question_id, v_question.workspace_id, p_body, app.user_id())
  returning * into v_answer;
  update public.lesson_questions as q set status = 'answered' where q.id = p_question_id;
  perform app.notify('lesson_answered', v_question.asked_by, v_question.workspace_id, null, 'lesson_answered:' || v_answer.id,
    jsonb_build_object('lesson_id', v_question.lesson_id, 'question_id', p_question_id, 'text', left(v_question.body, 300),
      'title', (select l.title from public.lessons as l where l.id = v_question.lesson_id)));
  return v_answer;
end;
$$;

comment on function app.answer_lesson_question(uuid, text) is 'Behind public.answer_lesson_question.';

create function app.broadcast_lesson_question() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform realtime.send(
    jsonb_build_object('id', new.id, 'lesson_id', new.lesson_id, 'status', new.status), 'lesson_question', 'user:' || new.asked_by, true);
  return null;
end;
$$;

comment on function app.broadcast_lesson_question() is 'Tells the learner that a teacher has answered: read the answers.';

create function app.broadcast_new_question() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform realtime.send(
    jsonb_build_object('id', new.id, 'lesson_id', new.lesson_id), 'lesson_question.new', 'workspace:' || new.workspace_id, true);
  return null;
end;
$$;

comment on function app.broadcast_new_question() is
  'Tells who teaches that a question to teachers is there: ids only, because every member may listen.';
revoke execute on function app.broadcast_new_question() from public, anon, authenticated, service_role;

create trigger broadcast_insert after insert on public.lesson_questions
  for each row when (new.audience = 'teacher')
  execute function app.broadcast_new_question();
comment on trigger broadcast_insert on public.lesson_questions is 'A list of open questions grows at once; what is asked of the AI is nobody else''s.';
create trigger broadcast_update after update of status on public.lesson_questions
  for each row execute function app.broadcast_lesson_question();
comment on trigger broadcast_update on public.lesson_questions is 'An answer shows at once to who asked.';
