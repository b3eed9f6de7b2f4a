-- Purpose:  what each department's dashboard adds up.
-- Risk:     none, new functions only. They read a workspace's rows of 30 days by index.
-- Way back: drop the functions of this file.
set local lock_timeout = '5s';

create function app.dashboard_days(p_rows jsonb) returns jsonb
language sql stable set search_path = ''
begin atomic
  select pg_catalog.jsonb_agg(
    pg_catalog.jsonb_build_object('day', d.day) || coalesce(p_rows -> (d.day::text), '{}') order by d.day)
  from (
    select ((pg_catalog.now() at time zone 'UTC')::date - ago)::date as day from pg_catalog.generate_series(0, 29) as ago) as d;
end;

comment on function app.dashboard_days(jsonb) is
  'The last 30 UTC days, oldest first, each {day, …}: a day without rows has only its date. Takes an object by date. Internal.';

create function app.sales_numbers(p_workspace_id uuid) returns jsonb
language sql stable security definer set search_path = '' as $$
  with open_deals as (
    select d.stage_id, d.currency, count(*) as n, sum(d.amount) as amount, round(sum(d.amount * s.probability) / 100, 2) as weighted
    from public.deals as d join public.stages as s on s.id = d.stage_id
    where d.workspace_id = p_workspace_id and d.closed_at is null
    group by 1, 2
  ), closed as (
    select d.currency, s.kind, (d.closed_at at time zone 'UTC')::date as day, count(*) as n, sum(d.amount) as amount
    from public.deals as d join public.stages as s on s.id = d.stage_id
    where d.workspace_id = p_workspace_id and d.closed_at > now() - interval '30 days'
    group by 1, 2, 3
  ), leads as (
    select l.status, count(*) as n from public.leads as l where l.workspace_id = p_workspace_id group by 1
  )
  select jsonb_build_object(
    'leads', (select coalesce(jsonb_object_agg(l.status, l.n), '{}') from leads as l),
    'open', (select coalesce(jsonb_object_agg(
        o.currency, jsonb_build_object('deals', o.n, 'amount', o.amount, 'weighted', o.weighted)), '{}')
      from (select currency, sum(n) as n, sum(amount) as amount, sum(weighted) as weighted from open_deals group by 1) as o),
    'stages', (select coalesce(jsonb_agg(jsonb_build_object('stage_id', o.stage_id, 'deals', o.n) order by o.stage_id), '[]')
      from (select stage_id, sum(n) as n from open_deals group by 1) as o),
    'won_30_days', (select coalesce(jsonb_object_agg(c.currency, jsonb_build_object('deals', c.n, 'amount', c.amount)), '{}')
      from (select currency, sum(n) as n, sum(amount) as amount from closed where kind = 'won' group by 1) as c),
    'lost_30_days', (select coalesce(sum(n), 0) from closed where kind = 'lost'),
    'win_rate', (select round(sum(n) filter (where kind = 'won') / nullif(sum(n), 0), 3) from closed),
    'days', app.dashboard_days((select jsonb_object_agg(c.day, jsonb_build_object('won', coalesce(c.won, 0), 'lost', coalesce(c.lost, 0)))
      from (select day, sum(n) filter (where kind = 'won') as won, sum(n) filter (where kind = 'lost') as lost
            from closed group by 1) as c)))
$$;

comment on function app.sales_numbers(uuid) is
  'Leads by state; open deals by currency, plain and weighted by their stage, and by stage; won and lost in 30 days. Internal.';

create function app.service_numbers(p_workspace_id uuid) returns jsonb
language sql stable security definer set search_path = '' as $$
  with live as (
    select t.* from public.tickets as t where t.workspace_id = p_workspace_id and t.status <> 'closed'
  ), recent as (
    select t.* from public.tickets as t
    where t.workspace_id = p_workspace_id and t.created_at > now() - interval '30 days'
  ), days as (
    select (r.created_at at time zone 'UTC')::date as day, count(*) as opened from recent as r group by 1
  )
  select jsonb_build_object(
    'open', (select count(*) from live as l where l.status not in ('solved')),
    'by_status', (select coalesce(jsonb_object_agg(s.status, s.n), '{}')
      from (select l.status, count(*) as n from live as l group by 1) as s),
    'by_priority', (select coalesce(jsonb_object_agg(s.priority, s.n), '{}')
      from (select l.priority, count(*) as n from live as l where l.status <> 'solved' group by 1) as s),
    'unassigned', (select count(*) from live as l where l.assignee_id is null and l.status <> 'solved'),
    'breached', (select count(*) from live as l
      where l.status <> 'solved' and (l.first_response_breached_at is not null or l.resolution_breached_at is not null)),
    'unhappy', (select count(*) from live as l where l.status <> 'solved' and l.sentiment_label = 'negative'),
    'first_response_minutes', (select round((percentile_cont(0.5) within group (
        order by extract(epoch from r.first_responded_at - r.created_at)) / 60)::numeric, 1)
      from recent as r where r.first_responded_at is not null),
    'resolution_minutes', (select round((percentile_cont(0.5) within group (
        order by extract(epoch from r.solved_at - r.created_at)) / 60)::numeric, 1)
      from recent as r where r.solved_at is not null),
    'sentiment', (select round(avg(r.sentiment_score)::numeric, 2) from recent as r),
    'days', app.dashboard_days((select jsonb_object_agg(d.day, jsonb_build_object('opened', d.opened)) from days as d)))
$$;

comment on function app.service_numbers(uuid) is
  'Live tickets by state and urgency; of 30 days'' tickets median minutes to first reply and solution, mean sentiment (null: unknown). Internal.';

create function app.marketing_numbers(p_workspace_id uuid) returns jsonb
language sql stable security definer set search_path = '' as $$
  with sums as (
    select coalesce(sum(s.sent), 0) as sent, coalesce(sum(s.delivered), 0) as delivered, coalesce(sum(s.bounced), 0) as bounced,
      coalesce(sum(s.complained), 0) as complained, coalesce(sum(s.opened), 0) as opened, coalesce(sum(s.clicked), 0) as clicked,
      coalesce(sum(s.unsubscribed), 0) as unsubscribed
    from public.campaigns as c join public.campaign_stats as s on s.campaign_id = c.id
    where c.workspace_id = p_workspace_id and c.started_at > now() - interval '30 days'
  )
  select jsonb_build_object(
    'campaigns', (select coalesce(jsonb_object_agg(s.status, s.n), '{}')
      from (select c.status, count(*) as n from public.campaigns as c where c.workspace_id = p_workspace_id group by 1) as s),
    'contacts', (select coalesce(jsonb_object_agg(s.email_consent, s.n), '{}')
      from (select k.email_consent, count(*) as n from public.contacts as k where k.workspace_id = p_workspace_id group by 1) as s),
    'last_30_days', to_jsonb(s))
  from sums as s
$$;

comment on function app.marketing_numbers(uuid) is
  'Campaigns by state, contacts by consent, and what the campaigns begun in the last 30 days came to. Internal.';

create function app.learning_numbers(p_workspace_id uuid) returns jsonb
language sql stable security definer set search_path = '' as $$
  with taught as (
    select c.id, c.title, count(l.id) as lessons
    from public.courses as c left join public.lessons as l on l.course_id = c.id and l.is_published
    where c.workspace_id = p_workspace_id and c.status = 'published'
    group by c.id
  ), learners as (
    select e.course_id, count(*) as learners, count(e.completed_at) as completed
    from public.enrolments as e where e.workspace_id = p_workspace_id group by 1
  ), done as (
    select l.course_id, count(*) as lessons_done
    from public.lesson_progress as p join public.lessons as l on l.id = p.lesson_id and l.is_published
      join public.enrolments as e on e.course_id = l.course_id and e.user_id = p.user_id
    where p.workspace_id = p_workspace_id and p.completed_at is not null
    group by 1
  ), days as (
    select (p.completed_at at time zone 'UTC')::date as day, count(*) as n
    from public.lesson_progress as p
    where p.workspace_id = p_workspace_id and p.completed_at > now() - interval '30 days'
    group by 1
  )
  select jsonb_build_object(
    'courses', (select coalesce(jsonb_object_agg(s.status, s.n), '{}')
      from (select c.status, count(*) as n from public.courses as c where c.workspace_id = p_workspace_id group by 1) as s),
    'learners', (select count(distinct e.user_id) from public.enrolments as e where e.workspace_id = p_workspace_id),
    'open_questions', (select count(*) from public.lesson_questions as q
      where q.workspace_id = p_workspace_id and q.audience = 'teacher' and q.status = 'open'),
    'by_course', (select coalesce(jsonb_agg(jsonb_build_object(
          'course_id', t.id, 'title', t.title, 'lessons', t.lessons, 'learners', coalesce(l.learners, 0),
          'completed', coalesce(l.completed, 0),
          'progress', round(coalesce(d.lessons_done, 0)::numeric / nullif(l.learners * t.lessons, 0), 3))
        order by l.learners desc nulls last, t.id), '[]')
      from taught as t left join learners as l on l.course_id = t.id left join done as d on d.course_id = t.id),
    'days', app.dashboard_days((select jsonb_object_agg(d.day, jsonb_build_object('lessons_completed', d.n)) from days as d)))
$$;

comment on function app.learning_numbers(uuid) is
  'Courses, learners, their progress in published lessons (0 to 1; null without either), questions that wait for a teacher. Internal.';

create function app.portfolio_numbers(p_workspace_id uuid) returns jsonb
language sql stable security definer set search_path = '' as $$
  with views as (
    select v.project_id, v.day, v.visitors from public.project_views as v
    where v.workspace_id = p_workspace_id and v.day > (now() at time zone 'UTC')::date - 30
  )
  select jsonb_build_object(
    'projects', (select coalesce(jsonb_object_agg(s.status, s.n), '{}')
      from (select p.status, count(*) as n from public.projects as p where p.workspace_id = p_workspace_id group by 1) as s),
    'visitors_30_days', (select coalesce(sum(v.visitors), 0) from views as v),
    'top', (select coalesce(jsonb_agg(
        jsonb_build_object('project_id', t.id, 'title', t.title, 'visitors', t.visitors) order by t.visitors desc, t.id), '[]')
      from (select p.id, p.title, sum(v.visitors) as visitors from views as v join public.projects as p on p.id = v.project_id
            group by p.id order by 3 desc, p.id limit 10) as t),
    'days', app.dashboard_days((select jsonb_object_agg(d.day, jsonb_build_object('visitors', d.n))
      from (select v.day, sum(v.visitors) as n from views as v group by 1) as d)))
$$;

comment on function app.portfolio_numbers(uuid) is
  'Projects by state; visitors of 30 days, a visitor counted once a project and day, by day and for the ten most seen. Internal.';

revoke execute on function app.dashboard_days(jsonb) from public, anon, authenticated, service_role;
revoke execute on function app.sales_numbers(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.service_numbers(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.marketing_numbers(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.learning_numbers(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.portfolio_numbers(uuid) from public, anon, authenticated, service_role;
