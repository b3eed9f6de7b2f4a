-- Purpose:  what connections are checked by, locked by and enqueued by.
-- Risk:     none, new functions only.
-- Way back: drop the functions of this file.
set local lock_timeout = '5s';

create function app.wrong_connection_field(p_kind text, p_part text, p_given jsonb) returns text
language sql stable security definer set search_path = ''
return case when jsonb_typeof(p_given) is distinct from 'object' or length(p_given::text) > 10000 then p_part else (
  select coalesce(g.key, f.field)
  from jsonb_each(p_given) as g
  full join (select * from app.connection_fields as c where c.kind = p_kind and c.part = p_part) as f on f.field = g.key
  where f.field is null or f.is_required and g.key is null
    or g.key is not null and (jsonb_typeof(g.value) <> 'string' or g.value #>> '{}' !~ f.pattern)
  order by 1 limit 1) end;

comment on function app.wrong_connection_field(text, text, jsonb) is
  'The first field that is unknown, does not fit its pattern, or is required and missing; null: none. Internal.';

create function app.connection_field_names(p_kind text, p_part text) returns text
language sql stable security definer set search_path = ''
return (
  select string_agg(c.field || case when c.is_required then '' else ' (optional)' end, ', ' order by c.field)
  from app.connection_fields as c where c.kind = p_kind and c.part = p_part);

comment on function app.connection_field_names(text, text) is 'For hints. Internal.';

create function app.check_connection_credentials(p_kind text, p_credentials jsonb) returns void
language plpgsql stable security definer set search_path = '' as $$
declare
  v_field text := app.wrong_connection_field(p_kind, 'credentials', p_credentials);
begin
  if v_field is not null then
    perform app.fail(400, 'connection.bad_credentials', format('"%s" is missing, unknown, or not what it should be.', left(v_field, 60)),
      app.connection_field_names(p_kind, 'credentials'));
  end if;
end;
$$;

comment on function app.check_connection_credentials(text, jsonb) is 'Fails with 400 on credentials that this kind does not have. Internal.';

create function app.check_field_map(p_settings jsonb) returns void
language plpgsql immutable set search_path = '' as $$
declare
  v_known text[] := array['external_id', 'email', 'name', 'phone', 'language', 'company', 'job_title', 'country', 'tags'];
  v_path text := '^[A-Za-z0-9_-]{1,60}(\.[A-Za-z0-9_-]{1,60}){0,5}$';
begin
  if (jsonb_typeof(p_settings) = 'object' and p_settings - array['fields', 'event_id'] = '{}'
      and jsonb_typeof(p_settings -> 'fields') = 'object'
      and coalesce(p_settings ->> 'event_id', 'id') ~ v_path) is not true then
    perform app.fail(400, 'connection.bad_settings', 'Settings hold the object "fields" and, if it is not "id", the path "event_id".');
  end if;
  if exists (
    select from jsonb_each(p_settings -> 'fields') as f
    where f.key <> all (v_known) or jsonb_typeof(f.value) <> 'string' or f.value #>> '{}' !~ v_path
  ) or not (p_settings -> 'fields' ?| array['external_id', 'email']) then
    perform app.fail(400, 'connection.bad_settings', 'Fields map names of ours to paths such as "customer.mail", and name external_id or email.',
      'Names: ' || array_to_string(v_known, ', ') || '.');
  end if;
end;
$$;

comment on function app.check_field_map(jsonb) is 'Fails with 400 unless a generic connection''s settings say where in an event our fields are. Internal.';

create function app.check_connection_settings(p_kind text, p_settings jsonb) returns void
language plpgsql stable security definer set search_path = '' as $$
declare
  v_field text;
begin
  if p_kind = 'generic' then
    perform app.check_field_map(p_settings);
    return;
  end if;
  v_field := app.wrong_connection_field(p_kind, 'settings', p_settings);
  if v_field is not null then
    perform app.fail(400, 'connection.bad_settings', format('"%s" is missing, unknown, or not what it should be.', left(v_field, 60)),
      app.connection_field_names(p_kind, 'settings'));
  end if;
end;
$$;

comment on function app.check_connection_settings(text, jsonb) is 'Fails with 400 on settings that this kind does not have. Internal.';

create function app.lock_connection(p_connection_id uuid) returns public.connections
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_connection public.connections;
begin
  perform app.require_user();
  select * into v_connection from public.connections as c
  where c.id = p_connection_id and c.workspace_id = any (array(select app.workspaces_with('integrations.read')))
  for no key update;
  if not found then
    perform app.fail(404, 'connection.not_found', 'There is no such connection.');
  end if;
  perform app.require_permission(v_connection.workspace_id, 'integrations.manage');
  return v_connection;
end;
$$;

comment on function app.lock_connection(uuid) is 'The connection, locked, if the caller may change it. Internal.';

create function app.last4_of(p_credentials jsonb) returns text
language sql immutable set search_path = ''
return right(regexp_replace(
  coalesce(p_credentials ->> 'api_key', p_credentials ->> 'client_secret', p_credentials ->> 'api_secret', p_credentials ->> 'secret'),
  '-[a-z]{2}[0-9]{1,3}$', ''), 4);

comment on function app.last4_of(jsonb) is 'End of the main credential, without the region of a Mailchimp key. Internal.';

create function app.enqueue_sync(p_connection public.connections, p_run_at timestamptz) returns bigint
language plpgsql volatile security definer set search_path = '' as $$
begin
  return app.enqueue('integrations.sync', p_connection.workspace_id, p_connection.id,
    p_dedupe_key => format('sync-connection:%s', p_connection.id), p_run_at => greatest(p_run_at, p_connection.next_try_at));
end;
$$;

comment on function app.enqueue_sync(public.connections, timestamptz) is 'One unfinished synchronisation per connection, not before the vendor is to be asked again. Internal.';

create function app.enqueue_test(p_connection public.connections) returns bigint
language plpgsql volatile security definer set search_path = '' as $$
begin
  return app.enqueue('integrations.test', p_connection.workspace_id, p_connection.id,
    p_dedupe_key => format('test-connection:%s:%s', p_connection.id, p_connection.credentials_version));
end;
$$;

comment on function app.enqueue_test(public.connections) is 'The worker asks the vendor whether settings and credentials are good. Internal.';

revoke execute on function app.wrong_connection_field(text, text, jsonb) from public, anon, authenticated, service_role;
revoke execute on function app.connection_field_names(text, text) from public, anon, authenticated, service_role;
revoke execute on function app.check_connection_credentials(text, jsonb) from public, anon, authenticated, service_role;
revoke execute on function app.check_field_map(jsonb) from public, anon, authenticated, service_role;
revoke execute on function app.check_connection_settings(text, jsonb) from public, anon, authenticated, service_role;
revoke execute on function app.lock_connection(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.last4_of(jsonb) from public, anon, authenticated, service_role;
revoke execute on function app.enqueue_sync(public.connections, timestamptz) from public, anon, authenticated, service_role;
revoke execute on function app.enqueue_test(public.connections) from public, anon, authenticated, service_role;
