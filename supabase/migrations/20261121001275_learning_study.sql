-- Purpose:  what learners do: enrol, read, make progress, ask.
-- Risk:     search in one's own history is replaced by one that knows questions to teachers too.
-- Way back: drop the functions of this file; create app.search_history of knowledge_recall again.
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- Enrolment
------------------------------------------------------------------------------------------------
create function app.meter_learners() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_workspace_id uuid;
  v_people int;
begin
  -- One at a time in a workspace: of two first courses of one person one counts, of two last ones too.
  for v_workspace_id in select distinct m.workspace_id from moved as m order by m.workspace_id loop
    perform app.lock_ordering_key(format('learners:%s', v_workspace_id));
    select count(distinct m.user_id) into v_people
    from moved as m
    where m.workspace_id = v_workspace_id and not exists (
      select from public.enrolments as e
      where e.workspace_id = m.workspace_id and e.user_id = m.user_id
        and not exists (select from moved as o where tg_op = 'INSERT' and o.course_id = e.course_id and o.user_id = e.user_id));
    perform app.move_gauge(v_workspace_id, 'learners', case tg_op when 'INSERT' then v_people else - v_people end);
  end loop;
  return null;
end;
$$;

comment on function app.meter_learners() is
  'Trigger: people enrolled count in the limits of the plan, each once, in however many courses, and however many courses end at once.';

create trigger meter_insert after insert on public.enrolments
  referencing new table as moved
  for each statement execute function app.meter_learners();
comment on trigger meter_insert on public.enrolments is 'Counts learners.';
create trigger meter_delete after delete on public.enrolments
  referencing old table as moved
  for each statement execute function app.meter_learners();
comment on trigger meter_delete on public.enrolments is 'And forgets them.';

create function app.enrol(p_course_id uuid, p_user_id uuid) returns public.enrolments
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_course public.courses := app.course_for(p_course_id, 'courses.read');
  v_user_id uuid := coalesce(p_user_id, app.user_id());
  v_enrolment public.enrolments;
begin
  if v_user_id <> app.user_id() or not v_course.is_open then
    perform app.require_permission(v_course.workspace_id, 'courses.write');
  end if;
  perform from public.courses as c where c.id = p_course_id and c.status = 'published' for key share;
  if not found then
    perform app.fail(409, 'course.not_published', 'Nobody can enrol now: the course is a draft or archived.', 'Publish it first.');
  end if;
  perform from public.workspace_members as m
  where m.workspace_id = v_course.workspace_id and m.user_id = v_user_id for key share;
  if not found then
    perform app.fail(404, 'member.not_found', 'There is no such member.', 'Invite them first, as viewers for instance.');
  end if;
  insert into public.enrolments (course_id, user_id, workspace_id, enrolled_by)
  values (p_course_id, v_user_id, v_course.workspace_id, app.user_id())
  on conflict (course_id, user_id) do nothing;
  if found then
    perform app.lesson_conversation(p_course_id, v_user_id);
  end if;
  select * into v_enrolment from public.enrolments as e where e.course_id = p_course_id and e.user_id = v_user_id;
  return v_enrolment;
end;
$$;

comment on function app.enrol(uuid, uuid) is 'Behind public.enrol. The conversation with the AI is there before the first question, so that its answer can be listened to.';

create function app.unenrol(p_course_id uuid, p_user_id uuid) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_course public.courses := app.course_for(p_course_id, 'courses.read');
  v_user_id uuid := coalesce(p_user_id, app.user_id());
  v_conversation_id uuid;
begin
  if v_user_id <> app.user_id() then
    perform app.require_permission(v_course.workspace_id, 'courses.write');
  end if;
  delete from public.enrolments as e where e.course_id = p_course_id and e.user_id = v_user_id
  returning e.conversation_id into v_conversation_id;
  delete from public.conversations as c
  where c.id = v_conversation_id and not exists (select from public.messages as m where m.conversation_id = c.id);
end;
$$;

comment on function app.unenrol(uuid, uuid) is 'Behind public.unenrol. A conversation in which nothing was asked goes along.';

------------------------------------------------------------------------------------------------
-- Reading and progress
------------------------------------------------------------------------------------------------
create function app.lesson_to_study(p_lesson_id uuid) returns public.lessons
language plpgsql stable security definer set search_path = '' as $$
declare
  v_lesson public.lessons := app.lesson_for(p_lesson_id, 'courses.read');
begin
  if v_lesson.id not in (select app.lessons_of(v_lesson.workspace_id, app.user_id())) then
    perform app.fail(403, 'course.not_enrolled', 'You are not enrolled in this course.', 'Enrol, or ask a teacher to enrol you.');
  end if;
  return v_lesson;
end;
$$;

comment on function app.lesson_to_study(uuid) is 'The lesson, if the caller learns or teaches it; else 404 or 403. Internal.';

create function app.read_lesson(p_lesson_id uuid) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  v_lesson public.lessons := app.lesson_to_study(p_lesson_id);
begin
  return (
    select jsonb_build_object(
      'id', v_lesson.id, 'course_id', v_lesson.course_id, 'title', v_lesson.title, 'position', v_lesson.position,
      'version', d.version, 'content', v.content,
      'documents', (
        select coalesce(jsonb_agg(jsonb_build_object(
          'id', a.id, 'title', a.title, 'kind', a.kind, 'object_path', a.object_path, 'content', t.content)
          order by a.created_at, a.id), '[]')
        from public.documents as a
        left join public.document_versions as t on t.document_id = a.id and t.version = a.version
        where a.lesson_id = p_lesson_id and a.id <> p_lesson_id),
      'recordings', (
        select coalesce(jsonb_agg(jsonb_build_object('id', r.id, 'title', r.title, 'seconds', r.seconds, 'object_path', r.object_path)
          order by r.created_at, r.id), '[]')
        from public.recordings as r where r.lesson_id = p_lesson_id),
      'completed_at', (
        select p.completed_at from public.lesson_progress as p where p.lesson_id = p_lesson_id and p.user_id = app.user_id()))
    from public.documents as d
    join public.document_versions as v on v.document_id = d.id and v.version = d.version
    where d.id = p_lesson_id);
end;
$$;

comment on function app.read_lesson(uuid) is 'Behind public.read_lesson.';

create function app.mark_lesson(p_lesson_id uuid, p_is_done boolean) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_lesson public.lessons := app.lesson_to_study(p_lesson_id);
  v_enrolment public.enrolments;
  v_total int;
  v_done int;
begin
  select * into v_enrolment from public.enrolments as e
  where e.course_id = v_lesson.course_id and e.user_id = app.user_id() for no key update;
  if not found then
    perform app.fail(403, 'course.not_enrolled', 'You are not enrolled in this course.', 'Enrol, or ask a teacher to enrol you.');
  end if;
  insert into public.lesson_progress as p (lesson_id, user_id, workspace_id, completed_at)
  values (p_lesson_id, app.user_id(), v_lesson.workspace_id, case when p_is_done then now() end)
  on conflict (lesson_id, user_id) do update
    set completed_at = case when p_is_done then coalesce(p.completed_at, now()) end;
  select count(*), count(p.completed_at) into v_total, v_done
  from public.lessons as l
  left join public.lesson_progress as p on p.lesson_id = l.id and p.user_id = app.user_id()
  where l.course_id = v_lesson.course_id and l.is_published;
  update public.enrolments as e
  set completed_at = case when v_done = v_total then coalesce(e.completed_at, now()) when p_is_done then e.completed_at end
  where e.course_id = v_lesson.course_id and e.user_id = app.user_id()
  returning * into v_enrolment;
  return jsonb_build_object('done', v_done, 'total', v_total, 'completed_at', v_enrolment.completed_at);
end;
$$;

comment on function app.mark_lesson(uuid, boolean) is
  'Behind public.mark_lesson. The enrolment is locked first: of two last lessons done at once, the second sees both.';

create function app.course_progress(p_course_id uuid)
returns table (user_id uuid, username text, enrolled_at timestamptz, done bigint, total bigint, last_at timestamptz, completed_at timestamptz)
language plpgsql stable security definer set search_path = '' as $$
begin
  perform app.course_for(p_course_id, 'courses.write');
  return query
    select e.user_id, f.username, e.enrolled_at, count(p.completed_at), count(l.id),
      max(greatest(p.started_at, p.completed_at)), e.completed_at
    from public.enrolments as e
    join public.profiles as f on f.user_id = e.user_id
    left join public.lessons as l on l.course_id = e.course_id and l.is_published
    left join public.lesson_progress as p on p.lesson_id = l.id and p.user_id = e.user_id
    where e.course_id = p_course_id
    group by e.course_id, e.user_id, f.username
    order by e.enrolled_at, e.user_id;
end;
$$;

comment on function app.course_progress(uuid) is 'Behind public.course_progress.';

------------------------------------------------------------------------------------------------
-- Search in one's own history, with questions to teachers
------------------------------------------------------------------------------------------------
create or replace function app.search_history(p_workspace_id uuid, p_query text, p_limit int, p_before timestamptz, p_after_id uuid)
returns table (kind text, id uuid, conversation_id uuid, title text, excerpt text, created_at timestamptz)
language plpgsql stable security definer set search_path = '' as $$
declare
  v_words tsquery := websearch_to_tsquery('pg_catalog.simple'::regconfig, p_query);
  v_user_id uuid := app.user_id();
  v_sees_contacts boolean := app.has_permission(p_workspace_id, 'conversations.read_all');
begin
  perform app.require_permission(p_workspace_id, 'conversations.read');
  if p_query is null or p_query !~ '\S' or length(p_query) > 2000 then
    perform app.fail(400, 'search.bad_query', 'A query has 1 to 2,000 characters.');
  end if;
  return query
    select f.kind, f.id, f.conversation_id, f.title, app.excerpt(f.content, v_words), f.created_at
    from (
      select m.role as kind, m.id, m.conversation_id, c.title, m.content, m.created_at
      from public.messages as m join public.conversations as c on c.id = m.conversation_id
      where m.workspace_id = p_workspace_id and m.created_by = v_user_id
        and to_tsvector('pg_catalog.simple'::regconfig, m.content) @@ v_words
      union all
      select case m.role when 'user' then 'contact' else 'reply' end, m.id, m.conversation_id, coalesce(k.name, c.title), m.content, m.created_at
      from public.messages as m
      join public.conversations as c on c.id = m.conversation_id
      join public.contacts as k on k.id = m.contact_id
      where v_sees_contacts and m.workspace_id = p_workspace_id and m.contact_id is not null
        and to_tsvector('pg_catalog.simple'::regconfig, m.content) @@ v_words
      union all
      select 'note', n.id, null, n.title, n.title || ' ' || n.content, n.created_at
      from public.notes as n
      where n.workspace_id = p_workspace_id and n.created_by = v_user_id
        and to_tsvector('pg_catalog.simple'::regconfig, n.title || ' ' || n.content) @@ v_words
      union all
      select 'lesson_question', q.id, null, l.title, q.body, q.created_at
      from public.lesson_questions as q join public.lessons as l on l.id = q.lesson_id
      where q.workspace_id = p_workspace_id and q.asked_by = v_user_id and q.audience = 'teacher'
        and to_tsvector('pg_catalog.simple'::regconfig, q.body) @@ v_words
      union all
      select 'lesson_answer', a.id, null, l.title, a.body, a.created_at
      from public.lesson_answers as a
      join public.lesson_questions as q on q.id = a.question_id
      join public.lessons as l on l.id = q.lesson_id
      where a.workspace_id = p_workspace_id and q.asked_by = v_user_id
        and to_tsvector('pg_catalog.simple'::regconfig, a.body) @@ v_words
    ) as f
    where p_before is null or f.created_at < p_before
      or f.created_at = p_before and f.id > coalesce(p_after_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
    order by f.created_at desc, f.id
    limit greatest(1, least(100, p_limit));
end;
$$;

comment on function public.search_history(uuid, text, int, timestamptz, uuid) is
  'The caller''s own questions (kind user), their answers (assistant), notes (note), questions to teachers (lesson_question) and what these answered (lesson_answer), and with conversations.read_all what contacts wrote (contact) and were answered (reply), with all the words, newest first; "…" is a phrase, - excludes, or widens. The next page: p_before and p_after_id are created_at and id of the last row. Errors: search.bad_query, workspace.forbidden.';
