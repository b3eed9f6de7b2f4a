-- Schema realtime as a Supabase project has it, as far as broadcasts and their rights go. The platform partitions
-- realtime.messages by day; here it is one table that the gateway keeps small.
create schema realtime;
grant usage on schema realtime to postgres, anon, authenticated, service_role;

create table realtime.messages (
  id uuid not null default gen_random_uuid(),
  topic text not null,
  extension text not null,
  payload jsonb,
  event text,
  private boolean default false,
  updated_at timestamp not null default now(),
  inserted_at timestamp not null default now(),
  primary key (id, inserted_at)
);
create index messages_inserted_at_idx on realtime.messages (inserted_at);
alter table realtime.messages enable row level security;
grant select, insert, update on realtime.messages to postgres, anon, authenticated, service_role;

create function realtime.topic() returns text language sql stable as $$
  select nullif(current_setting('realtime.topic', true), '')
$$;

create function realtime.send(payload jsonb, event text, topic text, private boolean default true) returns void
language plpgsql as $$
declare
  v_id uuid := gen_random_uuid();
begin
  perform set_config('realtime.topic', topic, true);
  insert into realtime.messages (id, payload, event, topic, private, extension)
  values (v_id, case when payload ? 'id' then payload else payload || jsonb_build_object('id', v_id) end,
          event, topic, private, 'broadcast');
exception when others then
  raise warning 'ErrorSendingBroadcastMessage: %', sqlerrm;
end
$$;

create function realtime.broadcast_changes(
  topic_name text, event_name text, operation text, table_name text, table_schema text,
  new record, old record, level text default 'ROW'
) returns void language plpgsql as $$
begin
  if level <> 'ROW' then
    raise exception 'function can only be triggered for each row, not for each statement';
  end if;
  if operation not in ('INSERT', 'UPDATE', 'DELETE') then
    raise exception 'Invalid operation type: %', operation;
  end if;
  perform realtime.send(
    jsonb_build_object('old_record', old, 'record', new, 'operation', operation,
                       'table', table_name, 'schema', table_schema),
    event_name, topic_name);
exception when others then
  raise exception 'ErrorSendingBroadcastMessage: %', sqlerrm;
end
$$;

-- Tells the gateway. What is too long for a notification is fetched by its id.
create function realtime.lamina_notify() returns trigger language plpgsql security definer set search_path = '' as $$
declare
  v_message text := jsonb_build_object('topic', new.topic, 'event', new.event, 'private', coalesce(new.private, false),
                                       'payload', new.payload)::text;
begin
  if octet_length(v_message) > 7900 then
    v_message := jsonb_build_object('id', new.id)::text;
  end if;
  perform pg_notify('lamina_realtime', v_message);
  return null;
end
$$;

create trigger lamina_notify after insert on realtime.messages
  for each row when (new.extension = 'broadcast') execute function realtime.lamina_notify();

grant execute on all functions in schema realtime to postgres, anon, authenticated, service_role;
revoke execute on function realtime.lamina_notify() from public, postgres, anon, authenticated, service_role;

-- On the platform an extension lets postgres add policies here; ownership does the same.
alter table realtime.messages owner to supabase_realtime_admin;
grant supabase_realtime_admin to postgres;
