-- Purpose:  what a browser does with AI tasks, and how their jobs show in them.
-- Risk:     a trigger on public.jobs that fires for kind tasks.run_task only.
-- Way back: drop the functions of this file (cascade drops the triggers).
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- Models by plan
------------------------------------------------------------------------------------------------
create function app.allowed_models(p_workspace_id uuid) returns setof public.ai_models
language plpgsql stable security definer set search_path = '' as $$
begin
  perform app.require_permission(p_workspace_id, 'workspace.read');
  return query
    select m.* from public.ai_models as m
    where m.entitlement is null or app.has_entitlement(p_workspace_id, m.entitlement)
    order by m.model;
end;
$$;

comment on function app.allowed_models(uuid) is 'Behind public.allowed_models.';

create function public.allowed_models(p_workspace_id uuid) returns setof public.ai_models
language sql stable security invoker set search_path = ''
begin atomic
  select * from app.allowed_models(p_workspace_id);
end;

comment on function public.allowed_models(uuid) is 'Models that a task of this workspace may ask for by name. Error: workspace.not_found.';

------------------------------------------------------------------------------------------------
-- Start
------------------------------------------------------------------------------------------------
create function app.task_input_problem(p_schema jsonb, p_input jsonb) returns text
language sql immutable set search_path = ''
return (
  select min(problem)
  from (
    select format('%s is missing', r.name) as problem
    from jsonb_array_elements_text(p_schema -> 'required') as r (name)
    where p_input -> r.name is null
    union all
    select case
      when s.property is null then format('%s is not known', g.name)
      when jsonb_typeof(g.value) <> 'string' then format('%s is no text', g.name)
      when length(g.value #>> '{}') < (s.property ->> 'minLength')::int
        or (s.property ->> 'minLength')::int > 0 and g.value #>> '{}' !~ '\S' then format('%s is empty or too short', g.name)
      when length(g.value #>> '{}') > (s.property ->> 'maxLength')::int
        then format('%s is longer than %s characters', g.name, s.property ->> 'maxLength')
      when not s.property -> 'enum' @> g.value then format('%s is none of its choices', g.name)
    end
    from jsonb_each(p_input) as g (name, value)
    cross join lateral (select p_schema -> 'properties' -> g.name) as s (property)
  ) as found
);

comment on function app.task_input_problem(jsonb, jsonb) is
  'What is wrong with an input, null when nothing is: the part of JSON Schema that flat objects of texts need, so that a caller hears at once.';

create function app.task_kind(p_workspace_id uuid, p_kind text, p_input jsonb, p_model text) returns public.ai_task_kinds
language plpgsql stable security invoker set search_path = '' as $$
declare
  v_kind public.ai_task_kinds;
  v_model public.ai_models;
  v_problem text;
begin
  select * into v_kind from public.ai_task_kinds as k where k.kind = p_kind;
  if not found then
    perform app.fail(400, 'task.unknown_kind', 'There is no such kind of task.', 'The table ai_task_kinds lists them.');
  end if;
  if jsonb_typeof(p_input) is distinct from 'object' then
    perform app.fail(400, 'task.bad_input', 'The input of a task is an object.');
  end if;
  v_problem := app.task_input_problem(v_kind.input_schema, p_input);
  if v_problem is not null then
    perform app.fail(400, 'task.bad_input', format('The input does not fit: %s.', v_problem), 'See ai_task_kinds.input_schema.');
  end if;
  if v_kind.entitlement is not null then
    perform app.require_entitlement(p_workspace_id, v_kind.entitlement);
  end if;
  if p_model is not null then
    select * into v_model from public.ai_models as m where m.model = p_model;
    if not found then
      perform app.fail(400, 'task.unknown_model', 'There is no such model to choose.', 'allowed_models lists them.');
    elsif v_model.entitlement is not null then
      perform app.require_entitlement(p_workspace_id, v_model.entitlement);
    end if;
  end if;
  return v_kind;
end;
$$;

comment on function app.task_kind(uuid, text, jsonb, text) is 'The kind, when input, plan and model fit it; else 400 or 402. Internal.';

create function app.start_ai_task(p_workspace_id uuid, p_kind text, p_input jsonb, p_model text, p_idempotency_key text)
returns public.ai_tasks
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_user_id uuid := app.user_id();
  v_task public.ai_tasks;
begin
  perform app.require_permission(p_workspace_id, 'tasks.run');
  if length(p_idempotency_key) not between 1 and 200 then
    perform app.fail(400, 'task.bad_idempotency_key', 'An idempotency key has 1 to 200 characters.');
  end if;
  if p_idempotency_key is not null then
    perform app.lock_ordering_key(format('task:%s:%s', v_user_id, p_idempotency_key));
    select * into v_task from public.ai_tasks as t
    where t.workspace_id = p_workspace_id and t.created_by = v_user_id and t.idempotency_key = p_idempotency_key;
    if found then
      if (v_task.kind, v_task.input, v_task.requested_model) is distinct from (p_kind, p_input, p_model) then
        perform app.fail(409, 'task.idempotency_conflict', 'This idempotency key was used for another task.');
      end if;
      return v_task;
    end if;
  end if;
  perform app.task_kind(p_workspace_id, p_kind, p_input, p_model);
  insert into public.ai_tasks (workspace_id, kind, input, requested_model, idempotency_key, created_by)
  values (p_workspace_id, p_kind, p_input, p_model, p_idempotency_key, v_user_id)
  returning * into v_task;
  update public.ai_tasks as t
  set job_id = app.enqueue('tasks.run_task', p_workspace_id, v_task.id)
  where t.id = v_task.id
  returning * into v_task;
  perform app.consume(p_workspace_id, 'requests', 1, v_task.job_id);
  return v_task;
end;
$$;

comment on function app.start_ai_task(uuid, text, jsonb, text, text) is 'Behind public.start_ai_task.';

create function public.start_ai_task(
  p_workspace_id uuid, p_kind text, p_input jsonb, p_model text default null, p_idempotency_key text default null
) returns public.ai_tasks
language sql volatile security invoker set search_path = ''
begin atomic
  select * from app.start_ai_task(p_workspace_id, p_kind, p_input, p_model, p_idempotency_key);
end;

comment on function public.start_ai_task(uuid, text, jsonb, text, text) is
  'Starts an AI task. Watch the row, or task.delta, task.status and task.done on user:<id>; cancel_job and retry_job take its job_id. Errors: task.unknown_kind, task.bad_input, task.unknown_model, task.bad_idempotency_key, task.idempotency_conflict, plan.not_entitled, quota.exceeded, workspace.forbidden.';

------------------------------------------------------------------------------------------------
-- Delete
------------------------------------------------------------------------------------------------
create function app.delete_ai_task(p_task_id uuid) returns void
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform from public.ai_tasks as t
  where t.id = p_task_id and t.created_by = app.user_id()
    and t.workspace_id = any (array(select app.workspaces_with('workspace.read')));
  if not found then
    perform app.fail(404, 'task.not_found', 'There is no such task of yours.');
  end if;
  perform app.stop_job(j.id) from public.jobs as j where j.subject_id = p_task_id and j.gate <> 'closed';
  delete from public.ai_tasks as t where t.id = p_task_id;
end;
$$;

comment on function app.delete_ai_task(uuid) is 'Behind public.delete_ai_task.';

create function public.delete_ai_task(p_task_id uuid) returns void
language sql volatile security invoker set search_path = ''
begin atomic
  select app.delete_ai_task(p_task_id);
end;

comment on function public.delete_ai_task(uuid) is 'Deletes a task of yours in any state and stops its work. Error: task.not_found.';

------------------------------------------------------------------------------------------------
-- The mirror, and broadcasts to who started it
------------------------------------------------------------------------------------------------
create function app.mirror_task_job() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  update public.ai_tasks as t
  set status = case new.status when 'queued' then 'pending' when 'running' then 'streaming' else new.status end,
    error_code = coalesce(new.error_code, case when new.status = 'cancelled' then 'job.cancelled' end),
    error_message = coalesce(new.error_message, case when new.status = 'cancelled' then 'It was cancelled.' end),
    finished_at = new.finished_at
  where t.id = new.subject_id;
  return null;
end;
$$;

comment on function app.mirror_task_job() is 'Success is written by the worker with its result; every other move of a task''s job shows in the task from here.';

create trigger mirror_task_job after update of status on public.jobs
  for each row when (
    new.kind = 'tasks.run_task' and new.status <> 'succeeded' and new.status is distinct from old.status)
  execute function app.mirror_task_job();
comment on trigger mirror_task_job on public.jobs is 'No task is left waiting for a job that has ended.';

create function app.broadcast_task() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform realtime.send(
    jsonb_build_object('task_id', new.id, 'kind', new.kind, 'status', new.status, 'error_code', new.error_code),
    case when new.finished_at is null then 'task.status' else 'task.done' end,
    'user:' || new.created_by, true);
  return null;
end;
$$;

comment on function app.broadcast_task() is 'Tells who started a task that it began or ended: read the row.';

create trigger broadcast_update after update on public.ai_tasks
  for each row when (new.status is distinct from old.status)
  execute function app.broadcast_task();
comment on trigger broadcast_update on public.ai_tasks is 'A task that began, ended or failed is told to who started it.';

create function app.broadcast_task_delta(p_user_id uuid, p_task_id uuid, p_seq int, p_text text) returns void
language sql volatile security definer set search_path = ''
begin atomic
  select realtime.send(
    pg_catalog.jsonb_build_object('task_id', p_task_id, 'seq', p_seq, 'text', p_text),
    'task.delta', 'user:' || p_user_id, true);
end;

comment on function app.broadcast_task_delta(uuid, uuid, int, text) is 'A piece of a streaming result; seq counts from 0, a restarted task begins at 0 again.';

revoke execute on function app.allowed_models(uuid) from public, anon, authenticated, service_role;
revoke execute on function public.allowed_models(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.task_input_problem(jsonb, jsonb) from public, anon, authenticated, service_role;
revoke execute on function app.task_kind(uuid, text, jsonb, text) from public, anon, authenticated, service_role;
revoke execute on function app.start_ai_task(uuid, text, jsonb, text, text) from public, anon, authenticated, service_role;
revoke execute on function public.start_ai_task(uuid, text, jsonb, text, text) from public, anon, authenticated, service_role;
revoke execute on function app.delete_ai_task(uuid) from public, anon, authenticated, service_role;
revoke execute on function public.delete_ai_task(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.mirror_task_job() from public, anon, authenticated, service_role;
revoke execute on function app.broadcast_task() from public, anon, authenticated, service_role;
revoke execute on function app.broadcast_task_delta(uuid, uuid, int, text) from public, anon, authenticated, service_role;
grant execute on function app.allowed_models(uuid) to authenticated;
grant execute on function public.allowed_models(uuid) to authenticated;
grant execute on function app.start_ai_task(uuid, text, jsonb, text, text) to authenticated;
grant execute on function public.start_ai_task(uuid, text, jsonb, text, text) to authenticated;
grant execute on function app.delete_ai_task(uuid) to authenticated;
grant execute on function public.delete_ai_task(uuid) to authenticated;
grant execute on function app.broadcast_task_delta(uuid, uuid, int, text) to lamina_worker;
