-- Purpose:  signed events of other systems come in: signature, duplicates, job; the contact they make or change.
-- Risk:     none, new functions and a trigger on jobs that fires for one kind only.
-- Way back: drop the trigger mirror_inbound_job on public.jobs and the functions of this file.
set local lock_timeout = '5s';

create function app.hmac_sha256(p_key bytea, p_message bytea) returns bytea
language plpgsql immutable set search_path = '' as $$
declare
  v_inner bytea := case when octet_length(p_key) > 64 then sha256(p_key) else p_key end;
  v_outer bytea;
begin
  v_inner := v_inner || decode(repeat('00', 64 - octet_length(v_inner)), 'hex');
  v_outer := v_inner;
  for v_at in 0..63 loop
    v_inner := set_byte(v_inner, v_at, get_byte(v_inner, v_at) # 54);
    v_outer := set_byte(v_outer, v_at, get_byte(v_outer, v_at) # 92);
  end loop;
  return sha256(v_outer || sha256(v_inner || p_message));
end;
$$;

comment on function app.hmac_sha256(bytea, bytea) is 'HMAC-SHA256 (RFC 2104), since no extension is assumed. Internal.';

create function app.admit_event(p_connection_id uuid, p_signature text, p_body text) returns public.connections
language plpgsql stable security definer set search_path = '' as $$
declare
  v_connection public.connections;
  v_secrets text[];
  v_time text := substring(left(p_signature, 4096) from '(?:^|,)\s*t=([0-9]{1,12})\s*(?:,|$)');
  v_given text[] := array(select lower(m[1]) from regexp_matches(left(p_signature, 4096), '(?:^|,)\s*v1=([0-9a-fA-F]{64})(?=\s*(?:,|$))', 'g') as m);
begin
  if octet_length(p_body) > 65536 then
    perform app.fail(413, 'inbound.body_too_large', 'The body is larger than 64 KiB.', 'Send one person an event.');
  end if;
  select * into v_connection from public.connections as c where c.id = p_connection_id and c.kind = 'generic';
  select array_remove(array[s.credentials ->> 'secret', case when s.previous_until > now() then s.previous_secret end], null)
  into v_secrets
  from app.connection_secrets as s where s.connection_id = v_connection.id;
  if not exists (
    select from unnest(v_secrets) as secret
    where encode(app.hmac_sha256(convert_to(secret, 'UTF8'), convert_to(v_time || '.' || p_body, 'UTF8')), 'hex') = any (v_given)
  ) then
    perform app.fail(401, 'inbound.unauthorised', 'There is no such connection, or the signature is not its.');
  elsif abs(extract(epoch from clock_timestamp()) - v_time::float8) > 300 then
    perform app.fail(401, 'inbound.stale', 'The signature is more than five minutes old, or from the future.');
  elsif v_connection.status = 'disabled' then
    perform app.fail(403, 'inbound.disabled', 'This connection is switched off.');
  end if;
  return v_connection;
end;
$$;

comment on function app.admit_event(uuid, text, text) is
  'The connection whose secret signed "<t>.<body>" within 300 seconds, or 401: which of connection and signature was wrong is not told. Internal.';

create function app.receive_inbound(p_connection_id uuid, p_signature text, p_body text) returns text
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_connection public.connections := app.admit_event(p_connection_id, p_signature, p_body);
  v_body jsonb;
  v_event app.inbound_events;
  v_person text;
begin
  begin
    v_body := p_body::jsonb;
  exception when others then
    v_body := null;
  end;
  if jsonb_typeof(v_body) is distinct from 'object' then
    perform app.fail(400, 'inbound.bad_event', 'An event is a JSON object that Postgres can store.');
  elsif app.take_tokens('inbound:' || p_connection_id, 50, 500) > 0 then
    perform app.fail(429, 'inbound.too_fast', 'A connection takes 50 events a second.', 'Send it again in some seconds.');
  end if;
  insert into app.inbound_events (connection_id, event_id, body)
  values (p_connection_id,
    coalesce(nullif(left(btrim(v_body #>> string_to_array(coalesce(v_connection.settings ->> 'event_id', 'id'), '.')), 200), ''),
      encode(sha256(convert_to(p_body, 'UTF8')), 'hex')),
    v_body)
  on conflict (connection_id, event_id) do nothing
  returning * into v_event;
  if v_event.id is null then
    return 'duplicate';
  elsif app.take_tokens('inbound-day:' || v_connection.workspace_id, 67108864 / 86400.0, 67108864, greatest(1024, octet_length(p_body))) > 0 then
    perform app.fail(429, 'inbound.too_much', 'A workspace takes 64 MiB of events a day.', 'Send it again in an hour.');
  end if;
  v_person := coalesce(v_body #>> string_to_array(v_connection.settings #>> '{fields,external_id}', '.'),
    v_body #>> string_to_array(v_connection.settings #>> '{fields,email}', '.'), '');
  update app.inbound_events as e
  set job_id = app.enqueue('integrations.apply_inbound', v_connection.workspace_id, v_event.id,
    p_ordering_key => format('inbound:%s:%s', p_connection_id, md5(lower(v_person))))
  where e.id = v_event.id;
  return 'accepted';
end;
$$;

comment on function app.receive_inbound(uuid, text, text) is 'Behind public.receive_inbound.';

create function app.find_inbound_contact(p_connection public.connections, p_person jsonb) returns uuid
language sql stable security definer set search_path = ''
return coalesce(
  (select r.contact_id from public.connection_records as r
   where r.connection_id = (p_connection).id and r.status = 'linked' and r.remote_id = p_person ->> 'external_id'),
  (select c.id from public.contacts as c
   where c.workspace_id = (p_connection).workspace_id and c.email_key = lower(btrim(p_person ->> 'email'))
     and not exists (
       select from public.connection_records as r
       where r.connection_id = (p_connection).id and r.contact_id = c.id and r.status = 'linked' and p_person ->> 'external_id' is not null)
   order by c.created_at, c.id limit 1));

comment on function app.find_inbound_contact(public.connections, jsonb) is
  'Whom an event is about: whoever has their id, else the oldest contact with the address that has no other id of theirs. Internal.';

create function app.apply_inbound(p_event_id uuid, p_person jsonb) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_connection public.connections;
  v_contact_id uuid;
  v_tags text[] := array(select jsonb_array_elements_text(p_person -> 'tags'));
begin
  select c.* into v_connection from public.connections as c join app.inbound_events as e on e.connection_id = c.id where e.id = p_event_id;
  -- Two events about one new person must not make two contacts, whichever of id and address they share.
  perform app.lock_ordering_key(format('inbound-person:%s', v_connection.workspace_id));
  v_contact_id := app.find_inbound_contact(v_connection, p_person);
  if v_contact_id is null then
    insert into public.contacts (workspace_id, name, email, source)
    values (v_connection.workspace_id, p_person ->> 'name', p_person ->> 'email', left(v_connection.name, 100))
    returning id into v_contact_id;
  end if;
  update public.contacts as c
  set name = coalesce(p_person ->> 'name', c.name), email = coalesce(p_person ->> 'email', c.email),
    phone = coalesce(p_person ->> 'phone', c.phone), language = coalesce(p_person ->> 'language', c.language),
    company = coalesce(p_person ->> 'company', c.company), job_title = coalesce(p_person ->> 'job_title', c.job_title),
    country = coalesce(p_person ->> 'country', c.country), tags = case when v_tags = '{}' then c.tags else v_tags end
  where c.id = v_contact_id;
  insert into public.connection_records (connection_id, contact_id, workspace_id, status, remote_id)
  select v_connection.id, v_contact_id, v_connection.workspace_id, 'linked', p_person ->> 'external_id'
  where p_person ->> 'external_id' is not null
  on conflict (connection_id, contact_id) do update set updated_at = now();
  update app.inbound_events as e
  set status = 'applied', body = null, contact_id = v_contact_id, ended_at = now(), error_code = null, error_message = null
  where e.id = p_event_id;
  update public.connections as c set last_ok_at = now()
  where c.id = v_connection.id and (c.last_ok_at is null or c.last_ok_at < now() - interval '1 minute');
end;
$$;

comment on function app.apply_inbound(uuid, jsonb) is
  'Makes or changes the contact: what the event says replaces, what it leaves out stays. The body is forgotten. Consent never comes this way.';

create function app.mirror_inbound_job() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  update app.inbound_events as e
  set status = case when new.gate <> 'closed' then 'queued' else 'failed' end,
    ended_at = new.finished_at, error_code = new.error_code, error_message = new.error_message
  where e.id = new.subject_id and e.status <> 'applied';
  return null;
end;
$$;

comment on function app.mirror_inbound_job() is 'Success is written by the worker; every other end of the job shows in the event.';

create trigger mirror_inbound_job after update of gate on public.jobs
  for each row when (
    new.kind = 'integrations.apply_inbound' and new.status <> 'succeeded' and (new.gate = 'closed') <> (old.gate = 'closed'))
  execute function app.mirror_inbound_job();
comment on trigger mirror_inbound_job on public.jobs is 'However an event''s job ends, the event says so.';

create function app.list_inbound_events(p_connection_id uuid, p_limit int, p_before timestamptz)
returns table (
  id uuid, event_id text, status text, contact_id uuid, error_code text, error_message text, job_id bigint,
  received_at timestamptz, ended_at timestamptz)
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform app.lock_connection(p_connection_id);
  return query
    select e.id, e.event_id, e.status, e.contact_id, e.error_code, e.error_message, e.job_id, e.received_at, e.ended_at
    from app.inbound_events as e
    where e.connection_id = p_connection_id and (p_before is null or e.received_at < p_before)
    order by e.received_at desc
    limit greatest(1, least(100, p_limit));
end;
$$;

comment on function app.list_inbound_events(uuid, int, timestamptz) is 'Behind public.list_inbound_events.';

create function app.purge_inbound(p_age interval) returns void
language sql volatile security definer set search_path = ''
begin atomic
  delete from app.inbound_events as e where e.received_at < pg_catalog.now() - p_age and e.status <> 'queued';
end;

comment on function app.purge_inbound(interval) is 'Forgets what other systems sent long ago; an event that comes again after that is new.';

revoke execute on function app.hmac_sha256(bytea, bytea) from public, anon, authenticated, service_role;
revoke execute on function app.admit_event(uuid, text, text) from public, anon, authenticated, service_role;
revoke execute on function app.receive_inbound(uuid, text, text) from public, anon, authenticated, service_role;
revoke execute on function app.find_inbound_contact(public.connections, jsonb) from public, anon, authenticated, service_role;
revoke execute on function app.apply_inbound(uuid, jsonb) from public, anon, authenticated, service_role;
revoke execute on function app.mirror_inbound_job() from public, anon, authenticated, service_role;
revoke execute on function app.list_inbound_events(uuid, int, timestamptz) from public, anon, authenticated, service_role;
revoke execute on function app.purge_inbound(interval) from public, anon, authenticated, service_role;
grant execute on function app.receive_inbound(uuid, text, text) to service_role;
grant execute on function app.apply_inbound(uuid, jsonb) to lamina_worker;
grant execute on function app.list_inbound_events(uuid, int, timestamptz) to authenticated;
grant execute on function app.purge_inbound(interval) to lamina_worker;
