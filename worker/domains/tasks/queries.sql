-- name: get_task
-- A task to do, with the schema of its input; no row when it was deleted meanwhile.
select t.id, t.workspace_id, t.kind, t.input, t.requested_model, t.brand_id, t.created_by, k.input_schema
from public.ai_tasks as t
join public.ai_task_kinds as k on k.kind = t.kind
where t.id = %(task_id)s;

-- name: get_brand
-- How the workspace wants to sound: the brand asked for, else the default one; no row when there is none.
select b.name, b.voice, b.audience, b.rules, b.language from public.brands as b
where b.workspace_id = %(workspace_id)s
  and case when %(brand_id)s::uuid is null then b.is_default else b.id = %(brand_id)s::uuid end;

-- name: broadcast_delta
-- A piece of the result to who started the task.
select app.broadcast_task_delta(%(user_id)s, %(task_id)s, %(seq)s, %(text)s);

-- name: finish_task
-- The result and its figures; every status but complete comes from the job.
update public.ai_tasks as t
set status = case when %(is_complete)s then 'complete' else t.status end,
  error_code = case when not %(is_complete)s then t.error_code end,
  error_message = case when not %(is_complete)s then t.error_message end,
  result = %(result)s, result_json = %(result_json)s, is_cut = %(is_cut)s,
  provider = %(provider)s, model = %(model)s, prompt_tokens = %(prompt_tokens)s,
  completion_tokens = %(completion_tokens)s, cost_microusd = %(cost_microusd)s,
  first_token_ms = %(first_token_ms)s, latency_ms = %(latency_ms)s, finished_at = now()
where t.id = %(task_id)s;
