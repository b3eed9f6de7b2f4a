-- Schema realtime as Supabase has it (first draft).
create schema realtime;
create table realtime.messages (
  id uuid not null default gen_random_uuid(), topic text not null, extension text not null, payload jsonb,
  event text, private boolean default false, inserted_at timestamp not null default now(),
  updated_at timestamp not null default now(), primary key (id, inserted_at));
alter table realtime.messages enable row level security;
create function realtime.topic() returns text language sql stable as $$ select nullif(current_setting('realtime.topic', true), '')::text $$;
create function realtime.send(payload jsonb, event text, topic text, private boolean default true) returns void language sql as $$ insert into realtime.messages(topic,extension,payload,event,private) values (topic,'broadcast',payload,event,private) $$;
grant usage on schema realtime to postgres, anon, authenticated, service_role;
grant select, insert on realtime.messages to anon, authenticated, service_role;
alter table realtime.messages owner to supabase_realtime_admin;
grant supabase_realtime_admin to postgres;
