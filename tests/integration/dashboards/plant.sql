-- name: deal
insert into public.deals (workspace_id, pipeline_id, stage_id, title, amount, currency, rank, closed_at)
select s.workspace_id, s.pipeline_id, s.id, 'A boat', %(amount)s, %(currency)s, (random() * 1e9)::bigint,
  now() - make_interval(days => %(days)s::int)
from public.stages as s join public.pipelines as p on p.id = s.pipeline_id
where s.name = %(stage)s and p.name = 'Boats';

-- name: ticket
insert into public.tickets (
  workspace_id, number, subject, status, priority, assignee_id, created_at, first_responded_at, solved_at,
  resolution_breached_at, sentiment_score, sentiment_label)
values (
  %(workspace)s, %(number)s, 'Help', %(status)s, 'urgent', %(assignee)s, now() - interval '2 hours',
  now() - interval '2 hours' + make_interval(mins => %(minutes)s::int),
  case when %(is_solved)s then now() end, case when %(is_late)s then now() end,
  %(score)s, %(label)s);

-- name: contacts
insert into public.contacts (workspace_id, name, email_consent)
values (%(workspace)s, 'Ann', 'granted'), (%(workspace)s, 'Bob', 'unknown');

-- name: campaign
with campaign as (
  insert into public.campaigns (workspace_id, name, subject, body, status, started_at, finished_at)
  values (%(workspace)s, 'C', 'S', 'B', %(status)s, now() - make_interval(days => %(days)s::int), now())
  returning *
)
insert into public.campaign_stats (campaign_id, workspace_id, recipients, sent, opened)
select c.id, c.workspace_id, %(sent)s, %(sent)s, 4 from campaign as c
on conflict (campaign_id) do update set sent = excluded.sent, opened = excluded.opened;

-- name: course
with course as (
  insert into public.courses (workspace_id, title, status, teacher_id, created_by)
  values (%(workspace)s, 'Knots', 'published', %(teacher)s, %(teacher)s) returning *
),
lesson as (
  insert into public.lessons (course_id, workspace_id, title, position, is_published, created_by)
  select c.id, c.workspace_id, 'Lesson ' || n, n, n < 3, c.created_by from course as c, generate_series(1, 3) as n
  returning *
),
enrolment as (
  insert into public.enrolments (course_id, user_id, workspace_id, enrolled_by, completed_at)
  select c.id, u, c.workspace_id, c.created_by, case when u = %(done)s then now() end
  from course as c, unnest(array[%(done)s, %(begun)s]::uuid[]) as u
)
insert into public.lesson_progress (lesson_id, user_id, workspace_id, completed_at)
select l.id, %(done)s, l.workspace_id, now() from lesson as l where l.position < 3;

-- name: project
with project as (
  insert into public.projects (workspace_id, slug, title, status, published_at)
  values (%(workspace)s, 'boat', 'Boat', 'published', now()) returning *
)
insert into public.project_views (project_id, day, workspace_id, visitors)
select p.id, (now() at time zone 'UTC')::date - ago, p.workspace_id, 5 from project as p, unnest(array[0, 1, 30]) as ago;
