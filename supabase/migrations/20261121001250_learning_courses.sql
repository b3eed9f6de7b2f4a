-- Purpose:  courses and lessons; a lesson's text is a document, its files and recordings are marked as the lesson's.
-- Risk:     adds a nullable column to documents, recordings and notes (no rewrite), each with an index built under a lock.
-- Way back: drop the columns lesson_id and the two tables; delete the permissions courses.*, the metrics courses and learners.
set local lock_timeout = '5s';

insert into public.role_permissions (role, permission)
select role, permission
from (values
  ('courses.read', '{owner,admin,editor,sales,support,marketing,viewer}'::text[]),
  ('courses.write', '{owner,admin,editor}')
) as grants (permission, roles)
cross join unnest(roles) as role;

insert into public.billing_metrics (metric, kind, unit, description) values
  ('courses', 'gauge', 'course', 'Courses kept, whatever their state.'),
  ('learners', 'gauge', 'learner', 'People enrolled in a course or more.');

insert into public.plan_limits (plan_version_id, metric, included)
select v.id, l.metric, l.included
from (values
  ('free', 'courses', 2::bigint), ('free', 'learners', 5),
  ('starter', 'courses', 10), ('starter', 'learners', 50),
  ('professional', 'courses', 50), ('professional', 'learners', 500),
  ('business', 'courses', 500), ('business', 'learners', 10000),
  ('enterprise', 'courses', null), ('enterprise', 'learners', null)
) as l (plan, metric, included)
join public.plan_versions as v on v.plan = l.plan;

insert into app.notification_kinds (kind, is_optional, description) values
  ('lesson_question', true, 'A learner asks you something.'),
  ('lesson_answered', true, 'A teacher has answered your question.');
update app.notification_kinds set emails_per_hour = 10 where kind = 'lesson_question';

------------------------------------------------------------------------------------------------
-- public.courses
------------------------------------------------------------------------------------------------
create table public.courses (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  title text not null check (length(title) between 1 and 200 and title ~ '\S'),
  description text not null default '' check (length(description) <= 4000),
  status text not null default 'draft' check (status in ('draft', 'published', 'archived')),
  is_open boolean not null default false,
  teacher_id uuid not null default app.user_id(),
  created_by uuid not null default app.user_id(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  published_at timestamptz,
  unique (id, workspace_id)
);

comment on table public.courses is 'Courses of a workspace. Every member sees that there is one; what its lessons say is for who is enrolled and for who teaches.';
comment on column public.courses.title is 'Name for people.';
comment on column public.courses.description is 'What one learns, for everybody who may see the course.';
comment on column public.courses.status is
  'draft: teachers only; published: learners learn and come; archived: nobody comes any more, who is enrolled goes on reading.';
comment on column public.courses.is_open is 'Members may enrol themselves; otherwise a teacher enrols them.';
comment on column public.courses.teacher_id is 'Who is told of learners'' questions, a member with courses.write; all who have it when this one has it no more.';
comment on column public.courses.published_at is 'When it was first published.';

create index courses_workspace_idx on public.courses (workspace_id, created_at desc, id);
create index courses_status_idx on public.courses (status, workspace_id);

alter table public.courses enable row level security;

create policy select_members on public.courses
  for select to authenticated
  using (
    (status <> 'draft' and workspace_id = any (array(select app.workspaces_with('courses.read'))))
    or workspace_id = any (array(select app.workspaces_with('courses.write'))));
create policy insert_teachers on public.courses
  for insert to authenticated
  with check (workspace_id = any (array(select app.workspaces_with('courses.write'))));
create policy update_teachers on public.courses
  for update to authenticated
  using (workspace_id = any (array(select app.workspaces_with('courses.write'))))
  with check (workspace_id = any (array(select app.workspaces_with('courses.write'))));
create policy delete_teachers on public.courses
  for delete to authenticated
  using (workspace_id = any (array(select app.workspaces_with('courses.write'))));

comment on policy select_members on public.courses is 'Members see the catalogue, teachers their drafts too.';
comment on policy insert_teachers on public.courses is 'Teachers make courses, up to the limit of the plan; a course begins as a draft.';
comment on policy update_teachers on public.courses is 'Title, description, who may come and who answers; the status moves by RPC.';
comment on policy delete_teachers on public.courses is 'With its lessons, their texts and files, and who was enrolled.';

revoke all on table public.courses from public, anon, authenticated, service_role;
grant select, delete, insert (id, workspace_id, title, description, is_open, teacher_id),
  update (title, description, is_open, teacher_id) on table public.courses to authenticated;
grant select on table public.courses to service_role, lamina_worker;

create trigger touch_updated_at before update on public.courses
  for each row execute function app.touch_updated_at();
comment on trigger touch_updated_at on public.courses is 'Stamps updated_at.';

create function app.guard_teacher() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  if not exists (
    select from public.workspace_members as m
    join public.role_permissions as g on g.role = m.role and g.permission = 'courses.write'
    where m.workspace_id = new.workspace_id and m.user_id = new.teacher_id) then
    perform app.fail(400, 'course.bad_teacher', 'The teacher of a course is a member who may write courses.');
  end if;
  return null;
end;
$$;

comment on function app.guard_teacher() is 'Trigger: questions go to somebody who may answer them.';
revoke execute on function app.guard_teacher() from public, anon, authenticated, service_role;

create trigger guard_teacher after insert or update of teacher_id on public.courses
  for each row execute function app.guard_teacher();
comment on trigger guard_teacher on public.courses is 'After the policies, whose refusal is the clearer one.';

------------------------------------------------------------------------------------------------
-- public.lessons
------------------------------------------------------------------------------------------------
create table public.lessons (
  id uuid primary key default gen_random_uuid(),
  course_id uuid not null,
  workspace_id uuid not null,
  title text not null check (length(title) between 1 and 200 and title ~ '\S'),
  position int not null check (position > 0),
  is_published boolean not null default false,
  created_by uuid not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (id, workspace_id),
  foreign key (course_id, workspace_id) references public.courses (id, workspace_id) on delete cascade
);

comment on table public.lessons is
  'Lessons of a course, in order. A lesson''s text is the document of the same id, with its versions; files and recordings carry its id in lesson_id.';
comment on column public.lessons.course_id is 'The course it is part of, for good.';
comment on column public.lessons.title is 'Name for people, also of its document.';
comment on column public.lessons.position is 'Order within the course; gaps mean nothing.';
comment on column public.lessons.is_published is 'False: teachers only, whatever the state of the course.';

create index lessons_course_idx on public.lessons (course_id, workspace_id, position);
create index lessons_workspace_idx on public.lessons (workspace_id);
create index lessons_is_published_idx on public.lessons (is_published, course_id);

alter table public.lessons enable row level security;

create policy select_members on public.lessons
  for select to authenticated
  using (
    (is_published and exists (select from public.courses as c where c.id = course_id))
    or workspace_id = any (array(select app.workspaces_with('courses.write'))));
create policy update_teachers on public.lessons
  for update to authenticated
  using (workspace_id = any (array(select app.workspaces_with('courses.write'))))
  with check (workspace_id = any (array(select app.workspaces_with('courses.write'))));
create policy delete_teachers on public.lessons
  for delete to authenticated
  using (workspace_id = any (array(select app.workspaces_with('courses.write'))));

comment on policy select_members on public.lessons is 'Titles are the syllabus: who sees the course sees them. Texts are documents and have rights of their own.';
comment on policy update_teachers on public.lessons is 'Title and whether it is published; making and moving go by RPC, the text by save_document_version.';
comment on policy delete_teachers on public.lessons is 'With its text and files.';

revoke all on table public.lessons from public, anon, authenticated, service_role;
grant select, delete, update (title, is_published) on table public.lessons to authenticated;
grant select on table public.lessons to service_role, lamina_worker;

create trigger touch_updated_at before update on public.lessons
  for each row execute function app.touch_updated_at();
comment on trigger touch_updated_at on public.lessons is 'Stamps updated_at.';

------------------------------------------------------------------------------------------------
-- What belongs to a lesson
------------------------------------------------------------------------------------------------
alter table public.documents add column lesson_id uuid,
  add constraint documents_lesson_fkey foreign key (lesson_id, workspace_id)
    references public.lessons (id, workspace_id) on delete cascade;
comment on column public.documents.lesson_id is
  'Lesson it belongs to: read, found and cited only by who teaches or is enrolled there. The lesson''s own text has the lesson''s id as its id. Null: every member''s.';
create index documents_lesson_idx on public.documents (lesson_id, workspace_id);

alter table public.recordings add column lesson_id uuid,
  add constraint recordings_lesson_fkey foreign key (lesson_id, workspace_id)
    references public.lessons (id, workspace_id) on delete set null (lesson_id);
comment on column public.recordings.lesson_id is 'Lesson its maker has put it into: learners hear it, its transcript is a document of the lesson.';
create index recordings_lesson_idx on public.recordings (lesson_id, workspace_id);
alter table public.recordings add constraint recordings_asked_lesson_fkey foreign key (asked_lesson_id, workspace_id)
  references public.lessons (id, workspace_id) on delete set null (asked_lesson_id);
create index recordings_asked_lesson_idx on public.recordings (asked_lesson_id, workspace_id) where asked_lesson_id is not null;

alter table public.notes add column lesson_id uuid,
  add constraint notes_lesson_fkey foreign key (lesson_id, workspace_id)
    references public.lessons (id, workspace_id) on delete set null (lesson_id);
comment on column public.notes.lesson_id is 'Lesson it was written at, if any; the note stays when the lesson goes.';
create index notes_lesson_idx on public.notes (lesson_id, workspace_id);
grant insert (lesson_id), update (lesson_id) on table public.notes to authenticated;
