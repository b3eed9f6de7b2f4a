-- Purpose:  what teachers do: publish, write and order lessons, put files and recordings into them; limits of the plan.
-- Risk:     a trigger on public.recordings that fires for recordings of lessons only.
-- Way back: drop the functions of this file (cascade drops the triggers).
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- Limits, hints
------------------------------------------------------------------------------------------------
create function app.meter_course() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  if tg_op = 'INSERT' then
    perform app.move_gauge(new.workspace_id, 'courses', 1);
  else
    perform app.move_gauge(old.workspace_id, 'courses', -1);
  end if;
  return null;
end;
$$;

comment on function app.meter_course() is 'Trigger: courses count in the limits of the plan.';

create function app.broadcast_course() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_row jsonb := to_jsonb(case when tg_op = 'DELETE' then old else new end);
begin
  perform realtime.send(
    jsonb_build_object('id', v_row ->> 'id', 'course_id', v_row ->> 'course_id', 'operation', tg_op),
    tg_argv[0], 'workspace:' || (v_row ->> 'workspace_id'), true);
  return null;
end;
$$;

comment on function app.broadcast_course() is 'A hint to members that a course or a lesson changed, without its title: it may be a draft.';

create trigger meter_course after insert or delete on public.courses
  for each row execute function app.meter_course();
comment on trigger meter_course on public.courses is 'Counts courses.';
create trigger broadcast_change after insert or update or delete on public.courses
  for each row execute function app.broadcast_course('course');
comment on trigger broadcast_change on public.courses is 'A change of the catalogue shows at once.';
create trigger broadcast_change after insert or update or delete on public.lessons
  for each row execute function app.broadcast_course('lesson');
comment on trigger broadcast_change on public.lessons is 'So does one of the syllabus.';

------------------------------------------------------------------------------------------------
-- Courses
------------------------------------------------------------------------------------------------
create function app.course_for(p_course_id uuid, p_permission text) returns public.courses
language plpgsql stable security definer set search_path = '' as $$
declare
  v_course public.courses;
begin
  select * into v_course from public.courses as c
  where c.id = p_course_id and c.workspace_id = any (array(select app.workspaces_with('courses.read')))
    and (c.status <> 'draft' or app.has_permission(c.workspace_id, 'courses.write'));
  if not found then
    perform app.fail(404, 'course.not_found', 'There is no such course.');
  end if;
  perform app.require_permission(v_course.workspace_id, p_permission);
  return v_course;
end;
$$;

comment on function app.course_for(uuid, text) is 'The course, if the caller sees it and holds the permission; else 404 or 403. Internal.';

create function app.set_course_status(p_course_id uuid, p_status text) returns public.courses
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_course public.courses := app.course_for(p_course_id, 'courses.write');
begin
  if p_status is null or p_status not in ('published', 'archived') then
    perform app.fail(400, 'course.bad_status', 'A course is published or archived.');
  end if;
  select * into v_course from public.courses as c where c.id = p_course_id for no key update;
  if v_course.status = p_status then
    return v_course;
  elsif p_status = 'archived' and v_course.status = 'draft' then
    perform app.fail(409, 'course.bad_transition', 'A draft is not archived.', 'Publish it first, or delete it.');
  elsif p_status = 'published' and not exists (
    select from public.lessons as l where l.course_id = p_course_id and l.is_published) then
    perform app.fail(409, 'course.empty', 'The course has no published lesson.', 'Publish a lesson first.');
  end if;
  update public.courses as c set status = p_status, published_at = coalesce(c.published_at, now())
  where c.id = p_course_id
  returning * into v_course;
  perform app.note_activity(v_course.workspace_id, app.user_id(), p_status, 'course', p_course_id,
    jsonb_build_object('title', v_course.title));
  return v_course;
end;
$$;

comment on function app.set_course_status(uuid, text) is 'Behind public.set_course_status.';

------------------------------------------------------------------------------------------------
-- Lessons
------------------------------------------------------------------------------------------------
create function app.create_lesson(p_course_id uuid, p_title text, p_content text, p_is_published boolean) returns public.lessons
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_course public.courses := app.course_for(p_course_id, 'courses.write');
  v_lesson public.lessons;
  v_document public.documents;
begin
  perform app.check_text(p_title, p_content);
  if length(p_title) > 200 then
    perform app.fail(400, 'lesson.bad_title', 'A lesson''s title has 1 to 200 characters.');
  end if;
  perform from public.courses as c where c.id = p_course_id for no key update;
  insert into public.lessons (course_id, workspace_id, title, position, is_published, created_by)
  select p_course_id, v_course.workspace_id, p_title, coalesce(max(l.position), 0) + 1, coalesce(p_is_published, false), app.user_id()
  from public.lessons as l where l.course_id = p_course_id
  returning * into v_lesson;
  insert into public.documents (id, workspace_id, lesson_id, kind, title, byte_size, created_by)
  values (v_lesson.id, v_lesson.workspace_id, v_lesson.id, 'text', p_title, octet_length(p_content), app.user_id())
  returning * into v_document;
  insert into public.document_versions (document_id, version, workspace_id, content, created_by)
  values (v_lesson.id, 1, v_lesson.workspace_id, p_content, app.user_id());
  perform app.enqueue_ingest(v_document);
  return v_lesson;
end;
$$;

comment on function app.create_lesson(uuid, text, text, boolean) is 'Behind public.create_lesson.';

create function app.rename_lesson_document() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  update public.documents as d set title = new.title where d.id = new.id;
  return null;
end;
$$;

comment on function app.rename_lesson_document() is 'Trigger: citations name the lesson as it is named.';

create trigger rename_document after update of title on public.lessons
  for each row when (new.title <> old.title)
  execute function app.rename_lesson_document();
comment on trigger rename_document on public.lessons is 'The text bears the lesson''s title.';

create function app.lesson_for(p_lesson_id uuid, p_permission text) returns public.lessons
language plpgsql stable security definer set search_path = '' as $$
declare
  v_lesson public.lessons;
begin
  select l.* into v_lesson from public.lessons as l join public.courses as c on c.id = l.course_id
  where l.id = p_lesson_id and l.workspace_id = any (array(select app.workspaces_with('courses.read')))
    and (l.is_published and c.status <> 'draft' or app.has_permission(l.workspace_id, 'courses.write'));
  if not found then
    perform app.fail(404, 'lesson.not_found', 'There is no such lesson.');
  end if;
  perform app.require_permission(v_lesson.workspace_id, p_permission);
  return v_lesson;
end;
$$;

comment on function app.lesson_for(uuid, text) is 'The lesson, if the caller sees its title and holds the permission; else 404 or 403. Internal.';

create function app.move_lesson(p_lesson_id uuid, p_position int) returns public.lessons
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_lesson public.lessons := app.lesson_for(p_lesson_id, 'courses.write');
  v_place int := greatest(1, coalesce(p_position, 2147483647));
begin
  perform from public.courses as c where c.id = v_lesson.course_id for no key update;
  update public.lessons as l set position = placed.position
  from (
    select o.id, row_number() over (order by case when o.id = p_lesson_id then v_place else o.place + (o.place >= v_place)::int end) as position
    from (
      select s.id, row_number() over (order by s.id = p_lesson_id, s.position, s.id)::int as place
      from public.lessons as s where s.course_id = v_lesson.course_id
    ) as o
  ) as placed
  where l.id = placed.id and l.position <> placed.position;
  select * into v_lesson from public.lessons as l where l.id = p_lesson_id;
  return v_lesson;
end;
$$;

comment on function app.move_lesson(uuid, int) is 'Behind public.move_lesson: the others of the course close up; one mover at a time.';

------------------------------------------------------------------------------------------------
-- Files and recordings
------------------------------------------------------------------------------------------------
create function app.attach_document(p_lesson_id uuid, p_document_id uuid) returns public.documents
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_lesson public.lessons := app.lesson_for(p_lesson_id, 'courses.write');
  v_document public.documents := app.lock_document(p_document_id);
begin
  if v_document.workspace_id <> v_lesson.workspace_id then
    perform app.fail(404, 'document.not_found', 'There is no such document.');
  elsif v_document.lesson_id <> p_lesson_id then
    perform app.fail(409, 'lesson.document_taken', 'The document belongs to another lesson.', 'Detach it there first.');
  end if;
  update public.documents as d set lesson_id = p_lesson_id where d.id = p_document_id returning * into v_document;
  return v_document;
end;
$$;

comment on function app.attach_document(uuid, uuid) is 'Behind public.attach_document.';

create function app.detach_document(p_document_id uuid) returns public.documents
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_document public.documents := app.lock_document(p_document_id);
begin
  if v_document.id = v_document.lesson_id then
    perform app.fail(409, 'lesson.owns_document', 'This is the text of a lesson.', 'Delete the lesson, or save another text.');
  elsif v_document.lesson_id is not null then
    update public.documents as d set lesson_id = null where d.id = p_document_id returning * into v_document;
    perform app.audit(v_document.workspace_id, 'document.opened', p_document_id::text, jsonb_build_object('title', v_document.title));
  end if;
  return v_document;
end;
$$;

comment on function app.detach_document(uuid) is 'Behind public.detach_document; audited, because more people read it from here on.';

create function app.attach_recording(p_recording_id uuid, p_lesson_id uuid) returns public.recordings
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_lesson public.lessons;
  v_recording public.recordings;
begin
  if p_lesson_id is null then
    select * into v_recording from public.recordings as r
    where r.id = p_recording_id and r.lesson_id is not null and r.created_by <> app.user_id()
      and r.workspace_id = any (array(select app.workspaces_with('courses.write')))
    for no key update;
  end if;
  if v_recording.id is not null then
    perform app.audit(v_recording.workspace_id, 'recording.detached', p_recording_id::text,
      jsonb_build_object('title', v_recording.title, 'lesson_id', v_recording.lesson_id));
  else
    v_recording := app.lock_recording(p_recording_id);
  end if;
  if p_lesson_id is not null then
    v_lesson := app.lesson_for(p_lesson_id, 'courses.write');
    if v_recording.workspace_id <> v_lesson.workspace_id then
      perform app.fail(404, 'recording.not_found', 'There is no such recording.');
    end if;
  end if;
  update public.recordings as r set lesson_id = p_lesson_id where r.id = p_recording_id returning * into v_recording;
  return v_recording;
end;
$$;

comment on function app.attach_recording(uuid, uuid) is 'Behind public.attach_recording. Teachers take any recording out of a lesson, which is audited; only its maker puts it in.';

create function app.keep_transcript() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_document public.documents;
begin
  delete from public.documents as d where d.id = old.id and d.lesson_id is not null;
  if tg_op = 'UPDATE' and new.lesson_id is not null and new.transcript ~ '\S' then
    insert into public.documents (id, workspace_id, lesson_id, kind, title, byte_size, created_by)
    values (new.id, new.workspace_id, new.lesson_id, 'text', new.title, octet_length(new.transcript), new.created_by)
    returning * into v_document;
    insert into public.document_versions (document_id, version, workspace_id, content, created_by)
    values (new.id, 1, new.workspace_id, new.transcript, new.created_by);
    perform app.enqueue_ingest(v_document);
  end if;
  return null;
exception when sqlstate 'PT402' then
  if new.lesson_id is distinct from old.lesson_id then
    raise;
  end if;
  return null;
end;
$$;

comment on function app.keep_transcript() is
  'Trigger: what is said in a lesson''s recording is a document of the lesson, of the recording''s id, for as long as it is there. A transcript that comes when the plan has no room is kept without one.';

create trigger keep_transcript after update of lesson_id, transcript on public.recordings
  for each row when (
    (new.lesson_id, new.transcript) is distinct from (old.lesson_id, old.transcript) and (new.lesson_id is not null or old.lesson_id is not null))
  execute function app.keep_transcript();
comment on trigger keep_transcript on public.recordings is 'A lesson''s recording is searched by its words, when it is put there and when they come.';
create trigger forget_transcript after delete on public.recordings
  for each row when (old.lesson_id is not null)
  execute function app.keep_transcript();
comment on trigger forget_transcript on public.recordings is 'No transcript outlives its recording.';
