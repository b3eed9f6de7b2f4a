-- Purpose:  webhook endpoints: create, change, new secret, delete, see what was delivered.
-- Risk:     none, new functions only.
-- Way back: drop the functions of this file.
set local lock_timeout = '5s';

create function app.lock_endpoint(p_endpoint_id uuid) returns public.webhook_endpoints
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_endpoint public.webhook_endpoints;
begin
  perform app.require_user();
  select * into v_endpoint from public.webhook_endpoints as e
  where e.id = p_endpoint_id and e.workspace_id = any (array(select app.workspaces_with('webhooks.manage')))
  for no key update;
  if not found then
    perform app.fail(404, 'webhook.not_found', 'There is no such webhook.');
  end if;
  return v_endpoint;
end;
$$;

comment on function app.lock_endpoint(uuid) is 'The endpoint, locked, if the caller may change it. Internal.';

create function app.check_endpoint(p_url text, p_events text[], p_description text) returns void
language plpgsql immutable set search_path = '' as $$
begin
  if (app.is_web_address(p_url) and p_url ~* '^https://[^/@]+(/|$|\?)') is not true then
    perform app.fail(400, 'webhook.bad_address', 'The address must begin with https:// and hold no user name.');
  elsif (cardinality(p_events) between 1 and 20 and p_events <@ array[
      'message.received', 'message.answered', 'message.failed', 'message.sent', 'message.undelivered']) is not true then
    perform app.fail(400, 'webhook.bad_events', 'There is an event that does not exist, or none.',
      'Events: message.received, message.answered, message.failed, message.sent, message.undelivered.');
  elsif (length(p_description) <= 200) is not true then
    perform app.fail(400, 'webhook.bad_description', 'A description has at most 200 characters.');
  end if;
end;
$$;

comment on function app.check_endpoint(text, text[], text) is 'Fails with 400 on what a member may set wrongly. Internal.';

create function app.create_webhook_endpoint(p_workspace_id uuid, p_url text, p_events text[], p_description text) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_secret text := app.new_secret('lmw_');
  v_id uuid;
begin
  perform app.require_permission(p_workspace_id, 'webhooks.manage');
  perform app.require_second_factor();
  perform app.check_endpoint(p_url, p_events, p_description);
  perform app.lock_ordering_key(format('webhooks:%s', p_workspace_id));
  if (select count(*) from public.webhook_endpoints as e where e.workspace_id = p_workspace_id) >= 10 then
    perform app.fail(409, 'webhook.too_many', 'A workspace has at most ten webhooks.');
  end if;
  insert into public.webhook_endpoints (workspace_id, url, events, description, secret_last4, created_by)
  values (p_workspace_id, p_url, p_events, p_description, right(v_secret, 4), app.user_id())
  returning id into v_id;
  insert into app.webhook_secrets (endpoint_id, secret) values (v_id, v_secret);
  perform app.audit(p_workspace_id, 'webhook.created', v_id::text, jsonb_build_object('events', p_events));
  return jsonb_build_object('endpoint_id', v_id, 'secret', v_secret);
end;
$$;

comment on function app.create_webhook_endpoint(uuid, text, text[], text) is 'Behind public.create_webhook_endpoint.';

create function app.update_webhook_endpoint(
  p_endpoint_id uuid, p_url text, p_events text[], p_description text, p_is_enabled boolean
) returns public.webhook_endpoints
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_endpoint public.webhook_endpoints := app.lock_endpoint(p_endpoint_id);
begin
  perform app.require_second_factor();
  perform app.check_endpoint(coalesce(p_url, v_endpoint.url), coalesce(p_events, v_endpoint.events), coalesce(p_description, ''));
  update public.webhook_endpoints as e
  set url = coalesce(p_url, e.url), events = coalesce(p_events, e.events), description = coalesce(p_description, e.description),
    status = case when p_is_enabled then 'active' when not p_is_enabled then 'disabled' else e.status end,
    failures = case when p_is_enabled then 0 else e.failures end,
    disabled_at = case when p_is_enabled then null when not p_is_enabled then now() else e.disabled_at end,
    disabled_reason = case when p_is_enabled then null when not p_is_enabled then 'Switched off.' else e.disabled_reason end
  where e.id = p_endpoint_id
  returning * into v_endpoint;
  perform app.audit(v_endpoint.workspace_id, 'webhook.updated', p_endpoint_id::text,
    jsonb_build_object('url_changed', p_url is not null, 'status', v_endpoint.status));
  return v_endpoint;
end;
$$;

comment on function app.update_webhook_endpoint(uuid, text, text[], text, boolean) is 'Behind public.update_webhook_endpoint.';

create function app.rotate_webhook_secret(p_endpoint_id uuid) returns text
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_endpoint public.webhook_endpoints := app.lock_endpoint(p_endpoint_id);
  v_secret text := app.new_secret('lmw_');
begin
  perform app.require_second_factor();
  update app.webhook_secrets as s set secret = v_secret where s.endpoint_id = p_endpoint_id;
  update public.webhook_endpoints as e set secret_last4 = right(v_secret, 4) where e.id = p_endpoint_id;
  perform app.audit(v_endpoint.workspace_id, 'webhook.secret_rotated', p_endpoint_id::text);
  return v_secret;
end;
$$;

comment on function app.rotate_webhook_secret(uuid) is 'Behind public.rotate_webhook_secret.';

create function app.delete_webhook_endpoint(p_endpoint_id uuid) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_endpoint public.webhook_endpoints := app.lock_endpoint(p_endpoint_id);
begin
  perform app.require_second_factor();
  perform app.audit(v_endpoint.workspace_id, 'webhook.deleted', p_endpoint_id::text);
  delete from public.webhook_endpoints as e where e.id = p_endpoint_id;
end;
$$;

comment on function app.delete_webhook_endpoint(uuid) is 'Behind public.delete_webhook_endpoint.';

create function app.list_webhook_deliveries(p_endpoint_id uuid, p_limit int, p_before timestamptz)
returns table (
  id uuid, event_id uuid, event text, status text, error_code text, error_message text, job_id bigint,
  created_at timestamptz, ended_at timestamptz)
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform app.lock_endpoint(p_endpoint_id);
  return query
    select d.id, d.event_id, d.event, d.status, d.error_code, d.error_message, d.job_id, d.created_at, d.ended_at
    from app.webhook_deliveries as d
    where d.endpoint_id = p_endpoint_id and (p_before is null or d.created_at < p_before)
    order by d.created_at desc
    limit greatest(1, least(100, p_limit));
end;
$$;

comment on function app.list_webhook_deliveries(uuid, int, timestamptz) is 'Behind public.list_webhook_deliveries.';

revoke execute on function app.lock_endpoint(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.check_endpoint(text, text[], text) from public, anon, authenticated, service_role;
revoke execute on function app.create_webhook_endpoint(uuid, text, text[], text) from public, anon, authenticated, service_role;
revoke execute on function app.update_webhook_endpoint(uuid, text, text[], text, boolean) from public, anon, authenticated, service_role;
revoke execute on function app.rotate_webhook_secret(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.delete_webhook_endpoint(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.list_webhook_deliveries(uuid, int, timestamptz) from public, anon, authenticated, service_role;
grant execute on function app.create_webhook_endpoint(uuid, text, text[], text) to authenticated;
grant execute on function app.update_webhook_endpoint(uuid, text, text[], text, boolean) to authenticated;
grant execute on function app.rotate_webhook_secret(uuid) to authenticated;
grant execute on function app.delete_webhook_endpoint(uuid) to authenticated;
grant execute on function app.list_webhook_deliveries(uuid, int, timestamptz) to authenticated;
