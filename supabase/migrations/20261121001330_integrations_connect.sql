-- Purpose:  connections: create, change, credentials, secret, test, synchronise, delete.
-- Risk:     none, new functions only.
-- Way back: drop the functions of this file.
set local lock_timeout = '5s';

create function app.create_connection(p_workspace_id uuid, p_kind text, p_name text, p_settings jsonb, p_credentials jsonb)
returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_connection public.connections;
  v_secret text;
begin
  perform app.require_permission(p_workspace_id, 'integrations.manage');
  perform app.require_second_factor();
  perform app.require_entitlement(p_workspace_id, 'integrations');
  if (p_kind in ('mailchimp', 'salesforce', 'google_analytics', 'generic')) is not true then
    perform app.fail(400, 'connection.bad_kind', 'There is no such kind of connection.', 'Kinds: mailchimp, salesforce, google_analytics, generic.');
  elsif app.is_name(btrim(p_name)) is not true then
    perform app.fail(400, 'connection.bad_name', 'A name has 1 to 100 characters on one line.');
  end if;
  perform app.check_connection_settings(p_kind, p_settings);
  if p_kind = 'generic' then
    v_secret := app.new_secret('lmc_');
    p_credentials := jsonb_build_object('secret', v_secret);
  else
    perform app.check_connection_credentials(p_kind, p_credentials);
  end if;
  perform app.lock_ordering_key(format('connections:%s', p_workspace_id));
  if (select count(*) from public.connections as c where c.workspace_id = p_workspace_id) >= 20 then
    perform app.fail(409, 'connection.too_many', 'A workspace has at most twenty connections.');
  end if;
  insert into public.connections (workspace_id, kind, name, settings, credential_last4, created_by)
  values (p_workspace_id, p_kind, btrim(p_name), p_settings, app.last4_of(p_credentials), app.user_id())
  returning * into v_connection;
  insert into app.connection_secrets (connection_id, credentials) values (v_connection.id, p_credentials);
  perform app.audit(p_workspace_id, 'connection.created', v_connection.id::text, jsonb_build_object('kind', p_kind, 'name', v_connection.name));
  if p_kind <> 'generic' then
    perform app.enqueue_test(v_connection);
    perform app.enqueue_sync(v_connection, now());
  end if;
  return jsonb_strip_nulls(jsonb_build_object('connection_id', v_connection.id, 'secret', v_secret));
end;
$$;

comment on function app.create_connection(uuid, text, text, jsonb, jsonb) is 'Behind public.create_connection.';

create function app.update_connection(p_connection_id uuid, p_name text, p_settings jsonb, p_is_enabled boolean)
returns public.connections
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_connection public.connections := app.lock_connection(p_connection_id);
  v_moves boolean := p_settings is distinct from v_connection.settings and p_settings is not null;
begin
  perform app.require_second_factor();
  if p_name is not null and app.is_name(btrim(p_name)) is not true then
    perform app.fail(400, 'connection.bad_name', 'A name has 1 to 100 characters on one line.');
  end if;
  if v_moves then
    perform app.check_connection_settings(v_connection.kind, p_settings);
    if v_connection.kind <> 'generic' then
      delete from public.connection_records as r where r.connection_id = p_connection_id;
    end if;
  end if;
  update public.connections as c
  set name = coalesce(btrim(p_name), c.name), settings = coalesce(p_settings, c.settings),
    status = case when p_is_enabled then 'active' when not p_is_enabled then 'disabled' when v_moves and c.status = 'broken' then 'active'
      else c.status end,
    failures = case when p_is_enabled or v_moves then 0 else c.failures end,
    next_try_at = case when p_is_enabled or v_moves then null else c.next_try_at end,
    error_code = case when p_is_enabled or v_moves then null else c.error_code end,
    error_message = case when p_is_enabled or v_moves then null else c.error_message end,
    baseline_at = case when v_moves then now() else c.baseline_at end,
    cursor_at = case when v_moves then null else c.cursor_at end, cursor_id = case when v_moves then null else c.cursor_id end
  where c.id = p_connection_id
  returning * into v_connection;
  perform app.audit(v_connection.workspace_id, 'connection.updated', p_connection_id::text,
    jsonb_build_object('settings_changed', v_moves, 'status', v_connection.status));
  if v_connection.status = 'active' and v_connection.kind <> 'generic' and (v_moves or p_is_enabled) then
    perform app.enqueue_test(v_connection);
    perform app.enqueue_sync(v_connection, now());
  end if;
  return v_connection;
end;
$$;

comment on function app.update_connection(uuid, text, jsonb, boolean) is
  'Behind public.update_connection. Other settings mean another place: everything is looked at again.';

create function app.set_connection_credentials(p_connection_id uuid, p_credentials jsonb) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_connection public.connections := app.lock_connection(p_connection_id);
begin
  perform app.require_second_factor();
  if v_connection.kind = 'generic' then
    perform app.fail(409, 'connection.own_secret', 'We make the secret of this kind of connection ourselves.', 'Call rotate_connection_secret.');
  end if;
  perform app.check_connection_credentials(v_connection.kind, p_credentials);
  update app.connection_secrets as s set credentials = p_credentials, access_token = null, instance_url = null
  where s.connection_id = p_connection_id;
  update public.connections as c
  set credential_last4 = app.last4_of(p_credentials), credentials_version = c.credentials_version + 1, account_name = null,
    failures = 0, next_try_at = null, error_code = null, error_message = null,
    status = case when c.status = 'broken' then 'active' else c.status end
  where c.id = p_connection_id
  returning * into v_connection;
  perform app.audit(v_connection.workspace_id, 'connection.credentials_set', p_connection_id::text);
  perform app.enqueue_test(v_connection);
end;
$$;

comment on function app.set_connection_credentials(uuid, jsonb) is 'Behind public.set_connection_credentials.';

create function app.rotate_connection_secret(p_connection_id uuid, p_overlap interval) returns text
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_connection public.connections := app.lock_connection(p_connection_id);
  v_secret text := app.new_secret('lmc_');
begin
  perform app.require_second_factor();
  if v_connection.kind <> 'generic' then
    perform app.fail(409, 'connection.not_generic', 'Only connections of kind generic have a secret of ours.');
  elsif p_overlap is null or p_overlap not between '0' and '30 days' then
    perform app.fail(400, 'connection.bad_overlap', 'The old secret stays good for 0 to 30 days.');
  end if;
  update app.connection_secrets as s
  set previous_secret = s.credentials ->> 'secret', previous_until = now() + p_overlap, credentials = jsonb_build_object('secret', v_secret)
  where s.connection_id = p_connection_id;
  update public.connections as c set credential_last4 = right(v_secret, 4) where c.id = p_connection_id;
  perform app.audit(v_connection.workspace_id, 'connection.secret_rotated', p_connection_id::text, jsonb_build_object('overlap', p_overlap));
  return v_secret;
end;
$$;

comment on function app.rotate_connection_secret(uuid, interval) is 'Behind public.rotate_connection_secret.';

create function app.delete_connection(p_connection_id uuid) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_connection public.connections := app.lock_connection(p_connection_id);
begin
  perform app.require_second_factor();
  perform app.audit(v_connection.workspace_id, 'connection.deleted', p_connection_id::text,
    jsonb_build_object('kind', v_connection.kind, 'name', v_connection.name));
  delete from public.connections as c where c.id = p_connection_id;
end;
$$;

comment on function app.delete_connection(uuid) is 'Behind public.delete_connection. Jobs that are left find nothing to do.';

create function app.ask_connection(p_connection_id uuid, p_what text, p_is_full boolean) returns bigint
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_connection public.connections := app.lock_connection(p_connection_id);
begin
  if v_connection.kind = 'generic' then
    perform app.fail(409, 'connection.inbound_only', 'To this connection nothing is sent: the other system sends.');
  elsif p_what = 'test' then
    return app.enqueue_test(v_connection);
  elsif v_connection.status <> 'active' then
    perform app.fail(409, 'connection.not_active', 'The connection is broken or disabled.', 'Test it, or enable it.');
  end if;
  if p_is_full then
    update public.connections as c set cursor_at = null, cursor_id = null where c.id = p_connection_id;
    update public.connection_records as r set sent_hash = null
    where r.connection_id = p_connection_id and v_connection.kind in ('mailchimp', 'salesforce') and r.sent_hash is not null;
  end if;
  return app.enqueue_sync(v_connection, now());
end;
$$;

comment on function app.ask_connection(uuid, text, boolean) is
  'Behind public.test_connection and public.sync_connection; the id of the job. In full, hashes of what was sent are forgotten where sending twice is harmless.';

revoke execute on function app.create_connection(uuid, text, text, jsonb, jsonb) from public, anon, authenticated, service_role;
revoke execute on function app.update_connection(uuid, text, jsonb, boolean) from public, anon, authenticated, service_role;
revoke execute on function app.set_connection_credentials(uuid, jsonb) from public, anon, authenticated, service_role;
revoke execute on function app.rotate_connection_secret(uuid, interval) from public, anon, authenticated, service_role;
revoke execute on function app.delete_connection(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.ask_connection(uuid, text, boolean) from public, anon, authenticated, service_role;
grant execute on function app.create_connection(uuid, text, text, jsonb, jsonb) to authenticated;
grant execute on function app.update_connection(uuid, text, jsonb, boolean) to authenticated;
grant execute on function app.set_connection_credentials(uuid, jsonb) to authenticated;
grant execute on function app.rotate_connection_secret(uuid, interval) to authenticated;
grant execute on function app.delete_connection(uuid) to authenticated;
grant execute on function app.ask_connection(uuid, text, boolean) to authenticated;
