-- Purpose:  the worker synchronises: what is due, what was sent, what failed, when to go on.
-- Risk:     none, new functions and a trigger.
-- Way back: drop the trigger and the functions of this file.
set local lock_timeout = '5s';

create function app.contacts_left(p_connection public.connections) returns boolean
language sql stable security definer set search_path = ''
return exists (
  select from public.contacts as c
  where c.workspace_id = (p_connection).workspace_id
    and (c.updated_at, c.id) > (
      coalesce((p_connection).cursor_at, 'epoch'), coalesce((p_connection).cursor_id, '00000000-0000-0000-0000-000000000000')));

comment on function app.contacts_left(public.connections) is 'Whether a contact was changed that the connection has not looked at. Internal.';

create function app.enqueue_due_syncs() returns int
language sql volatile security definer set search_path = ''
return (
  select count(app.enqueue_sync(c, now()))::int
  from public.connections as c
  where c.status = 'active' and c.kind <> 'generic' and (c.next_try_at is null or c.next_try_at <= now()) and app.contacts_left(c));

comment on function app.enqueue_due_syncs() is 'Enqueues what has something to send and may; how many. One that is enqueued already stays.';

create function app.begin_push(p_connection_id uuid, p_contact_id uuid) returns void
language sql volatile security definer set search_path = ''
begin atomic
  insert into public.connection_records as r (connection_id, contact_id, workspace_id, status)
  select c.id, p_contact_id, c.workspace_id, 'sending' from public.connections as c where c.id = p_connection_id
  on conflict (connection_id, contact_id) do update set status = 'sending', updated_at = pg_catalog.now();
end;

comment on function app.begin_push(uuid, uuid) is 'To be committed before something is sent that must not be sent twice: who finds it so knows that nobody knows.';

create function app.save_pushed(p_connection_id uuid, p_records jsonb) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_contact public.contacts;
begin
  insert into public.connection_records as r
    (connection_id, contact_id, workspace_id, status, remote_id, sent_hash, error_code, error_message)
  select p_connection_id, c.id, c.workspace_id, p.status, left(p.remote_id, 300), p.hash, p.code, left(p.message, 500)
  from jsonb_to_recordset(p_records) as p (
    contact_id uuid, status text, remote_id text, hash text, code text, message text)
  join public.connections as x on x.id = p_connection_id
  join public.contacts as c on c.id = p.contact_id and c.workspace_id = x.workspace_id
  order by c.id
  on conflict (connection_id, contact_id) do update
  set status = excluded.status, remote_id = coalesce(excluded.remote_id, r.remote_id), sent_hash = excluded.sent_hash,
    error_code = excluded.error_code, error_message = excluded.error_message, updated_at = now();
  for v_contact in
    update public.contacts as c
    set email_consent = 'withdrawn', consent_at = now(), consent_source = x.kind
    from jsonb_to_recordset(p_records) as p (contact_id uuid, is_withdrawn boolean), public.connections as x
    where x.id = p_connection_id and p.is_withdrawn and c.id = p.contact_id and c.workspace_id = x.workspace_id
      and c.email_consent <> 'withdrawn'
    returning c.*
  loop
    perform app.suppress_in(v_contact.workspace_id, v_contact.email_key, 'unsubscribed');
  end loop;
end;
$$;

comment on function app.save_pushed(uuid, jsonb) is
  'Notes [{contact_id, status, remote_id, hash, code, message, is_withdrawn}]; who unsubscribed there has withdrawn consent here, whatever is imported later. Internal.';

create function app.save_sync(
  p_connection_id uuid, p_records jsonb, p_from_at timestamptz, p_from_id uuid, p_cursor_at timestamptz, p_cursor_id uuid,
  p_is_offline boolean
) returns void
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform app.save_pushed(p_connection_id, p_records);
  update public.connections as c
  set cursor_at = case when v.is_ours then p_cursor_at else c.cursor_at end,
    cursor_id = case when v.is_ours then p_cursor_id else c.cursor_id end,
    last_ok_at = case when p_records = '[]' then c.last_ok_at else now() end,
    is_offline = case when p_records = '[]' then c.is_offline else p_is_offline end
  from (
    select (x.cursor_at, x.cursor_id) is not distinct from (p_from_at, p_from_id) as is_ours
    from public.connections as x where x.id = p_connection_id for no key update
  ) as v
  where c.id = p_connection_id;
end;
$$;

comment on function app.save_sync(uuid, jsonb, timestamptz, uuid, timestamptz, uuid, boolean) is
  'A batch is done: its records and the cursor after it in one. A cursor that somebody set back meanwhile stays where it was set.';

create function app.finish_sync(p_connection_id uuid, p_version int, p_lag interval) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_connection public.connections;
begin
  update public.connections as c set failures = 0, next_try_at = null, error_code = null, error_message = null
  where c.id = p_connection_id and c.credentials_version = p_version and c.status = 'active'
  returning * into v_connection;
  if v_connection.id is not null and app.contacts_left(v_connection) then
    perform app.enqueue_sync(v_connection, now() + p_lag);
  end if;
end;
$$;

comment on function app.finish_sync(uuid, int, interval) is 'A synchronisation went through: health is good, and what changed meanwhile comes next.';

create function app.connection_tested(p_connection_id uuid, p_version int, p_account_name text, p_is_offline boolean) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_connection public.connections;
begin
  update public.connections as c
  set account_name = left(p_account_name, 300), failures = 0, next_try_at = null, error_code = null, error_message = null,
    last_ok_at = now(), is_offline = p_is_offline, status = case when c.status = 'broken' then 'active' else c.status end
  where c.id = p_connection_id and c.credentials_version = p_version
  returning * into v_connection;
  if v_connection.status = 'active' and app.contacts_left(v_connection) then
    perform app.enqueue_sync(v_connection, now());
  end if;
end;
$$;

comment on function app.connection_tested(uuid, int, text, boolean) is 'The vendor accepts settings and credentials: what was broken works again.';

create function app.connection_failed(
  p_connection_id uuid, p_version int, p_code text, p_message text, p_wait_seconds float8, p_counts boolean, p_is_final boolean
) returns text
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_connection public.connections;
begin
  update public.connections as c
  set failures = c.failures + p_counts::int, error_code = p_code, error_message = left(p_message, 500),
    next_try_at = now() + make_interval(secs => p_wait_seconds),
    status = case when c.status = 'active' and (p_is_final or p_counts and c.failures >= 9) then 'broken' else c.status end
  where c.id = p_connection_id and c.credentials_version = p_version and c.status <> 'disabled'
    and (c.status <> 'broken' or p_is_final)
  returning * into v_connection;
  if not found then
    return (select c.status from public.connections as c where c.id = p_connection_id);
  end if;
  if v_connection.status = 'broken' then
    perform app.audit(v_connection.workspace_id, 'connection.broken', p_connection_id::text,
      jsonb_build_object('failures', v_connection.failures, 'error_code', p_code));
    perform app.notify('connection_broken', m.user_id, m.workspace_id, null,
      concat_ws(':', 'connection', p_connection_id, v_connection.credentials_version, m.user_id, current_date),
      jsonb_build_object('connection_id', p_connection_id, 'title', v_connection.name, 'reason', v_connection.error_message))
    from public.workspace_members as m
    join public.role_permissions as r on r.role = m.role and r.permission = 'integrations.manage'
    where m.workspace_id = v_connection.workspace_id;
  end if;
  return v_connection.status;
end;
$$;

comment on function app.connection_failed(uuid, int, text, text, float8, boolean, boolean) is
  'Notes a failure and when to try again; after ten in a row, or at once when only a person can help, it is broken and those who manage it are told, once a day at most. What was said of older credentials changes nothing.';

create function app.keep_access_token(p_connection_id uuid, p_version int, p_token text, p_instance_url text) returns void
language sql volatile security definer set search_path = ''
begin atomic
  update app.connection_secrets as s set access_token = p_token, instance_url = p_instance_url
  from public.connections as c
  where s.connection_id = p_connection_id and c.id = s.connection_id and c.credentials_version = p_version;
end;

comment on function app.keep_access_token(uuid, int, text, text) is 'So that the next job need not ask for another.';

create function app.broadcast_connection() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform realtime.send(jsonb_build_object('connection_id', new.id, 'status', new.status, 'error_code', new.error_code),
    'connection.changed', 'workspace:' || new.workspace_id, true);
  return null;
end;
$$;

comment on function app.broadcast_connection() is 'A hint to members; what is true is in the table.';

create trigger broadcast_change after update of status, error_code, last_ok_at, account_name on public.connections
  for each row when (
    (old.status, old.error_code, old.last_ok_at, old.account_name) is distinct from
    (new.status, new.error_code, new.last_ok_at, new.account_name))
  execute function app.broadcast_connection();
comment on trigger broadcast_change on public.connections is 'Health and progress show at once.';

revoke execute on function app.contacts_left(public.connections) from public, anon, authenticated, service_role;
revoke execute on function app.enqueue_due_syncs() from public, anon, authenticated, service_role;
revoke execute on function app.begin_push(uuid, uuid) from public, anon, authenticated, service_role;
revoke execute on function app.save_pushed(uuid, jsonb) from public, anon, authenticated, service_role;
revoke execute on function app.save_sync(uuid, jsonb, timestamptz, uuid, timestamptz, uuid, boolean) from public, anon, authenticated, service_role;
revoke execute on function app.finish_sync(uuid, int, interval) from public, anon, authenticated, service_role;
revoke execute on function app.connection_tested(uuid, int, text, boolean) from public, anon, authenticated, service_role;
revoke execute on function app.connection_failed(uuid, int, text, text, float8, boolean, boolean) from public, anon, authenticated, service_role;
revoke execute on function app.keep_access_token(uuid, int, text, text) from public, anon, authenticated, service_role;
revoke execute on function app.broadcast_connection() from public, anon, authenticated, service_role;
grant execute on function app.enqueue_due_syncs() to lamina_worker;
grant execute on function app.begin_push(uuid, uuid) to lamina_worker;
grant execute on function app.save_pushed(uuid, jsonb) to lamina_worker;
grant execute on function app.save_sync(uuid, jsonb, timestamptz, uuid, timestamptz, uuid, boolean) to lamina_worker;
grant execute on function app.finish_sync(uuid, int, interval) to lamina_worker;
grant execute on function app.connection_tested(uuid, int, text, boolean) to lamina_worker;
grant execute on function app.connection_failed(uuid, int, text, text, float8, boolean, boolean) to lamina_worker;
grant execute on function app.keep_access_token(uuid, int, text, text) to lamina_worker;
