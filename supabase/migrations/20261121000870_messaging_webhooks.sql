-- Purpose:  customers' webhooks: where copies of what happens on channels are sent, and the outbox of these.
-- Risk:     none, new objects only.
-- Way back: drop the tables and the functions of this file.
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- public.webhook_endpoints
------------------------------------------------------------------------------------------------
create table public.webhook_endpoints (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  url text not null check (app.is_web_address(url)),
  description text not null default '' check (length(description) <= 200),
  events text[] not null check (
    cardinality(events) between 1 and 20 and events <@ array[
      'message.received', 'message.answered', 'message.failed', 'message.sent', 'message.undelivered']),
  secret_last4 text not null check (length(secret_last4) = 4),
  status text not null default 'active' check (status in ('active', 'disabled')),
  failures int not null default 0,
  disabled_reason text,
  disabled_at timestamptz,
  delivered_at timestamptz,
  created_by uuid not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

comment on table public.webhook_endpoints is 'Addresses of customers'' own systems that get signed copies of events.';
comment on column public.webhook_endpoints.url is 'https, on the public internet; the worker checks the address at each delivery.';
comment on column public.webhook_endpoints.description is 'For members.';
comment on column public.webhook_endpoints.events is 'Which events are sent.';
comment on column public.webhook_endpoints.secret_last4 is 'End of the signing secret, which was shown once.';
comment on column public.webhook_endpoints.status is 'disabled: switched off by a member, or after repeated failure.';
comment on column public.webhook_endpoints.failures is 'Deliveries that failed for good since the last that arrived; at 10 it is disabled.';
comment on column public.webhook_endpoints.disabled_reason is 'Why, for people.';
comment on column public.webhook_endpoints.disabled_at is 'Since when.';
comment on column public.webhook_endpoints.delivered_at is 'When a delivery last arrived.';

create index webhook_endpoints_workspace_idx on public.webhook_endpoints (workspace_id);

alter table public.webhook_endpoints enable row level security;

create policy select_managers on public.webhook_endpoints
  for select to authenticated
  using (workspace_id = any (array(select app.workspaces_with('webhooks.manage'))));

comment on policy select_managers on public.webhook_endpoints is 'An address may hold a secret: for those who set it.';

revoke all on table public.webhook_endpoints from public, anon, authenticated, service_role;
grant select on table public.webhook_endpoints to authenticated, service_role, lamina_worker;

create trigger touch_updated_at before update on public.webhook_endpoints
  for each row execute function app.touch_updated_at();
comment on trigger touch_updated_at on public.webhook_endpoints is 'Stamps updated_at.';

------------------------------------------------------------------------------------------------
-- app.webhook_secrets
------------------------------------------------------------------------------------------------
create table app.webhook_secrets (
  endpoint_id uuid primary key references public.webhook_endpoints (id) on delete cascade,
  secret text not null
);

comment on table app.webhook_secrets is 'What deliveries are signed with; only the worker reads it.';

alter table app.webhook_secrets enable row level security;

revoke all on table app.webhook_secrets from public, anon, authenticated, service_role;
grant select on table app.webhook_secrets to lamina_worker;

------------------------------------------------------------------------------------------------
-- app.webhook_deliveries
------------------------------------------------------------------------------------------------
create table app.webhook_deliveries (
  id uuid primary key default gen_random_uuid(),
  endpoint_id uuid not null references public.webhook_endpoints (id) on delete cascade,
  event_id uuid not null,
  event text not null,
  body jsonb not null,
  status text not null default 'queued' check (status in ('queued', 'delivered', 'failed', 'cancelled')),
  error_code text,
  error_message text,
  job_id bigint,
  created_at timestamptz not null default now(),
  ended_at timestamptz,
  unique (endpoint_id, event_id)
);

comment on table app.webhook_deliveries is 'The outbox to customers'' own systems. Bodies hold contacts'' words: they are purged after days.';
comment on column app.webhook_deliveries.event_id is 'The same for all endpoints; receivers know a repeated one by it.';
comment on column app.webhook_deliveries.body is 'What is sent: {id, type, created_at, workspace_id, data}.';

create index webhook_deliveries_endpoint_idx on app.webhook_deliveries (endpoint_id, created_at desc);
create index webhook_deliveries_created_idx on app.webhook_deliveries (created_at);

alter table app.webhook_deliveries enable row level security;

revoke all on table app.webhook_deliveries from public, anon, authenticated, service_role;
grant select on table app.webhook_deliveries to lamina_worker;

------------------------------------------------------------------------------------------------
-- Out
------------------------------------------------------------------------------------------------
create function app.emit_webhook(p_workspace_id uuid, p_event text, p_data jsonb) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_event_id uuid := gen_random_uuid();
  v_delivery app.webhook_deliveries;
begin
  for v_delivery in
    insert into app.webhook_deliveries (endpoint_id, event_id, event, body)
    select e.id, v_event_id, p_event, jsonb_build_object(
      'id', v_event_id, 'type', p_event, 'created_at', now(), 'workspace_id', p_workspace_id, 'data', p_data)
    from public.webhook_endpoints as e
    where e.workspace_id = p_workspace_id and e.status = 'active' and p_event = any (e.events)
    returning *
  loop
    update app.webhook_deliveries as d set job_id = app.enqueue('messaging.deliver_webhook', p_workspace_id, v_delivery.id)
    where d.id = v_delivery.id;
  end loop;
end;
$$;

comment on function app.emit_webhook(uuid, text, jsonb) is 'A copy for each endpoint that wants the event, in the transaction in which it happens. Internal.';

create function app.webhook_delivered(p_delivery_id uuid) returns void
language sql volatile security definer set search_path = ''
begin atomic
  with delivered as (
    update app.webhook_deliveries as d
    set status = 'delivered', ended_at = pg_catalog.now(), error_code = null, error_message = null
    where d.id = p_delivery_id
    returning d.endpoint_id
  )
  update public.webhook_endpoints as e set failures = 0, delivered_at = pg_catalog.now()
  from delivered where e.id = delivered.endpoint_id;
end;

comment on function app.webhook_delivered(uuid) is 'It arrived: what failed before is forgiven.';

create function app.webhook_failed(p_endpoint_id uuid, p_error_code text, p_error_message text) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_endpoint public.webhook_endpoints;
begin
  update public.webhook_endpoints as e set failures = e.failures + 1
  where e.id = p_endpoint_id and e.status = 'active'
  returning * into v_endpoint;
  if v_endpoint.failures >= 10 or p_error_code = 'webhook.gone' and found then
    update public.webhook_endpoints as e set status = 'disabled', disabled_at = now(), disabled_reason = p_error_message
    where e.id = p_endpoint_id;
    perform app.audit(v_endpoint.workspace_id, 'webhook.disabled', p_endpoint_id::text,
      jsonb_build_object('failures', v_endpoint.failures, 'error_code', p_error_code));
    perform app.notify('webhook_disabled', m.user_id, m.workspace_id, null, concat_ws(':', 'webhook', p_endpoint_id, m.user_id, now()),
      jsonb_build_object('endpoint_id', p_endpoint_id, 'url', substring(v_endpoint.url from '^https?://[^/?]+'), 'reason', p_error_message))
    from public.workspace_members as m
    join public.role_permissions as r on r.role = m.role and r.permission = 'webhooks.manage'
    where m.workspace_id = v_endpoint.workspace_id;
  end if;
end;
$$;

comment on function app.webhook_failed(uuid, text, text) is 'After ten in a row, or at once when the receiver wants no more (410), the endpoint is disabled, and those who manage it are told. Internal.';

create function app.mirror_webhook_job() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_endpoint_id uuid;
begin
  update app.webhook_deliveries as d
  set status = case when new.gate <> 'closed' then 'queued' else new.status end,
    ended_at = new.finished_at, error_code = new.error_code, error_message = new.error_message
  where d.id = new.subject_id
  returning d.endpoint_id into v_endpoint_id;
  if new.status = 'failed' and v_endpoint_id is not null then
    perform app.webhook_failed(v_endpoint_id, new.error_code, new.error_message);
  end if;
  return null;
end;
$$;

comment on function app.mirror_webhook_job() is 'Success is written by the worker; every other end of the job shows in the delivery and counts against the endpoint.';

create trigger mirror_webhook_job after update of gate on public.jobs
  for each row when (
    new.kind = 'messaging.deliver_webhook' and new.status <> 'succeeded' and (new.gate = 'closed') <> (old.gate = 'closed'))
  execute function app.mirror_webhook_job();
comment on trigger mirror_webhook_job on public.jobs is 'However a delivery ends, its row says so.';

create function app.purge_messaging(p_inbound interval, p_bodies interval) returns void
language sql volatile security definer set search_path = ''
begin atomic
  delete from app.inbound_messages as i where i.received_at < pg_catalog.now() - p_inbound;
  delete from app.webhook_deliveries as d where d.created_at < pg_catalog.now() - p_bodies and d.status <> 'queued';
  delete from app.token_buckets as b where b.free_at < pg_catalog.now() - interval '1 day';
end;

comment on function app.purge_messaging(interval, interval) is 'Forgets old keys of duplicates, ended webhook deliveries and idle buckets.';

revoke execute on function app.emit_webhook(uuid, text, jsonb) from public, anon, authenticated, service_role;
revoke execute on function app.webhook_delivered(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.webhook_failed(uuid, text, text) from public, anon, authenticated, service_role;
revoke execute on function app.mirror_webhook_job() from public, anon, authenticated, service_role;
revoke execute on function app.purge_messaging(interval, interval) from public, anon, authenticated, service_role;
grant execute on function app.webhook_delivered(uuid) to lamina_worker;
grant execute on function app.purge_messaging(interval, interval) to lamina_worker;
