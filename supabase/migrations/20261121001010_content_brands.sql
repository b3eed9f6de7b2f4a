-- Purpose:  several brands in a workspace, one of them the default; a document and an AI task may name one.
-- Risk:     brand_profiles becomes brands, under a lock for a moment; start_ai_task gets one more parameter, with a default.
-- Way back: keep each workspace's default only, drop id, is_default and the columns brand_id, rename back, restore start_ai_task of 000910.
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- public.brands
------------------------------------------------------------------------------------------------
alter table public.brand_profiles rename to brands;
alter table public.brands add column id uuid not null default gen_random_uuid();
alter table public.brands add column is_default boolean not null default false;
update public.brands set is_default = true;
alter table public.brands drop constraint brand_profiles_pkey;
alter table public.brands add primary key (id);
alter table public.brands add unique (workspace_id, id);

comment on table public.brands is 'How a workspace wants to sound. AI tasks are written in the voice of the brand they name, else of the default one.';
comment on column public.brands.id is 'What documents and tasks name.';
comment on column public.brands.is_default is 'Speaks where none is named. One of a workspace: the first, then the one set_default_brand names, then the oldest left.';

create unique index brands_default_idx on public.brands (workspace_id) where is_default;

revoke insert, update on table public.brands from authenticated;
grant insert (id, workspace_id, name, voice, audience, rules, language), update (name, voice, audience, rules, language)
  on table public.brands to authenticated;

create function app.guard_brand() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform app.lock_ordering_key('brands:' || new.workspace_id);
  new.is_default := not exists (select from public.brands as b where b.workspace_id = new.workspace_id);
  return new;
end;
$$;

comment on function app.guard_brand() is 'Trigger: the first brand of a workspace is its default; two at once wait for each other.';

create trigger guard_brand before insert on public.brands
  for each row execute function app.guard_brand();
comment on trigger guard_brand on public.brands is 'Who has one brand need not choose it.';

create function app.promote_brand() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform app.lock_ordering_key('brands:' || old.workspace_id);
  update public.brands as b set is_default = true
  where b.id = (
    select o.id from public.brands as o where o.workspace_id = old.workspace_id
    order by o.created_at, o.id limit 1 for no key update);
  return null;
end;
$$;

comment on function app.promote_brand() is
  'Trigger: when the default brand goes, the oldest remaining one takes its place. It waits for one that is being deleted at the same time, and takes the next.';

create trigger promote_next after delete on public.brands
  for each row when (old.is_default)
  execute function app.promote_brand();
comment on trigger promote_next on public.brands is 'While there is a brand, one of them speaks.';

create trigger note_created after insert on public.brands
  for each row execute function app.note_activity_of('brand');
comment on trigger note_created on public.brands is 'A new brand shows in the activity.';
create trigger note_updated after update on public.brands
  for each row when (
    (new.name, new.voice, new.audience, new.rules, new.language, new.is_default)
    is distinct from (old.name, old.voice, old.audience, old.rules, old.language, old.is_default))
  execute function app.note_activity_of('brand');
comment on trigger note_updated on public.brands is 'So does a change of how it sounds.';
create trigger note_deleted after delete on public.brands
  for each row execute function app.note_activity_of('brand');
comment on trigger note_deleted on public.brands is 'And its end.';

create function app.set_default_brand(p_brand_id uuid) returns public.brands
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_brand public.brands;
begin
  select * into v_brand from public.brands as b
  where b.id = p_brand_id and b.workspace_id = any (array(select app.workspaces_with('workspace.read')));
  if not found then
    perform app.fail(404, 'brand.not_found', 'There is no such brand.');
  end if;
  perform app.require_permission(v_brand.workspace_id, 'brand.manage');
  perform app.lock_ordering_key('brands:' || v_brand.workspace_id);
  update public.brands as b set is_default = false
  where b.workspace_id = v_brand.workspace_id and b.is_default and b.id <> p_brand_id;
  update public.brands as b set is_default = true where b.id = p_brand_id returning * into v_brand;
  if not found then
    perform app.fail(404, 'brand.not_found', 'There is no such brand.');
  end if;
  return v_brand;
end;
$$;

comment on function app.set_default_brand(uuid) is 'Behind public.set_default_brand.';

create function public.set_default_brand(p_brand_id uuid) returns public.brands
language sql volatile security invoker set search_path = ''
begin atomic
  select * from app.set_default_brand(p_brand_id);
end;

comment on function public.set_default_brand(uuid) is
  'Makes a brand the one that speaks where none is named. Errors: brand.not_found, workspace.forbidden.';

------------------------------------------------------------------------------------------------
-- Who names a brand
------------------------------------------------------------------------------------------------
alter table public.documents add column brand_id uuid;
alter table public.documents add foreign key (workspace_id, brand_id)
  references public.brands (workspace_id, id) on delete set null (brand_id);
comment on column public.documents.brand_id is 'The brand it is written for; null for none in particular.';
create index documents_brand_idx on public.documents (workspace_id, brand_id);
grant update (brand_id) on table public.documents to authenticated;

alter table public.ai_tasks add column brand_id uuid;
alter table public.ai_tasks add foreign key (workspace_id, brand_id)
  references public.brands (workspace_id, id) on delete set null (brand_id);
comment on column public.ai_tasks.brand_id is 'The brand whose voice was asked for; null leaves it to the default one.';
create index ai_tasks_brand_idx on public.ai_tasks (workspace_id, brand_id);

------------------------------------------------------------------------------------------------
-- Tasks with a brand
------------------------------------------------------------------------------------------------
drop function public.start_ai_task(uuid, text, jsonb, text, text);
drop function app.start_ai_task(uuid, text, jsonb, text, text);

create function app.start_ai_task(
  p_workspace_id uuid, p_kind text, p_input jsonb, p_model text, p_idempotency_key text, p_brand_id uuid
) returns public.ai_tasks
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
      if (v_task.kind, v_task.input, v_task.requested_model, v_task.brand_id)
        is distinct from (p_kind, p_input, p_model, p_brand_id) then
        perform app.fail(409, 'task.idempotency_conflict', 'This idempotency key was used for another task.');
      end if;
      return v_task;
    end if;
  end if;
  perform app.task_kind(p_workspace_id, p_kind, p_input, p_model);
  if p_brand_id is not null and not exists (
    select from public.brands as b where b.id = p_brand_id and b.workspace_id = p_workspace_id) then
    perform app.fail(404, 'brand.not_found', 'There is no such brand.');
  end if;
  insert into public.ai_tasks (workspace_id, kind, input, requested_model, idempotency_key, brand_id, created_by)
  values (p_workspace_id, p_kind, p_input, p_model, p_idempotency_key, p_brand_id, v_user_id)
  returning * into v_task;
  update public.ai_tasks as t
  set job_id = app.enqueue('tasks.run_task', p_workspace_id, v_task.id)
  where t.id = v_task.id
  returning * into v_task;
  perform app.consume(p_workspace_id, 'requests', 1, v_task.job_id);
  return v_task;
end;
$$;

comment on function app.start_ai_task(uuid, text, jsonb, text, text, uuid) is 'Behind public.start_ai_task.';

create function public.start_ai_task(
  p_workspace_id uuid, p_kind text, p_input jsonb, p_model text default null, p_idempotency_key text default null,
  p_brand_id uuid default null
) returns public.ai_tasks
language sql volatile security invoker set search_path = ''
begin atomic
  select * from app.start_ai_task(p_workspace_id, p_kind, p_input, p_model, p_idempotency_key, p_brand_id);
end;

comment on function public.start_ai_task(uuid, text, jsonb, text, text, uuid) is
  'Starts an AI task, in the voice of a brand or of the default one. Watch the row, or task.delta, task.status and task.done on user:<id>; cancel_job and retry_job take its job_id. Errors: task.unknown_kind, task.bad_input, task.unknown_model, task.bad_idempotency_key, task.idempotency_conflict, brand.not_found, plan.not_entitled, quota.exceeded, workspace.forbidden.';

revoke execute on function app.guard_brand() from public, anon, authenticated, service_role;
revoke execute on function app.promote_brand() from public, anon, authenticated, service_role;
revoke execute on function app.set_default_brand(uuid) from public, anon, authenticated, service_role;
revoke execute on function public.set_default_brand(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.start_ai_task(uuid, text, jsonb, text, text, uuid) from public, anon, authenticated, service_role;
revoke execute on function public.start_ai_task(uuid, text, jsonb, text, text, uuid) from public, anon, authenticated, service_role;
grant execute on function app.set_default_brand(uuid) to authenticated;
grant execute on function public.set_default_brand(uuid) to authenticated;
grant execute on function app.start_ai_task(uuid, text, jsonb, text, text, uuid) to authenticated;
grant execute on function public.start_ai_task(uuid, text, jsonb, text, text, uuid) to authenticated;
