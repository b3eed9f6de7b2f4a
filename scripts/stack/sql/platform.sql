-- What a new Supabase project's database has before the first migration; auth and storage get their tables
-- when @supabase/lite starts for the first time.
alter schema public owner to postgres;
grant usage on schema public to anon, authenticated, service_role;

create schema extensions;
alter schema extensions owner to postgres;
grant usage on schema extensions to anon, authenticated, service_role;
create extension vector with schema extensions;

create schema auth authorization lamina_lite;
create schema storage authorization lamina_lite;
create schema supabase_migrations authorization lamina_lite;
grant usage on schema auth, storage to anon, authenticated, service_role;

-- One right on each object of ours, harmless and without grant option: @supabase/lite sends GRANT ALL on every
-- table at its start, and Postgres then skips it with a warning where it would otherwise refuse to go on.
alter default privileges for role postgres grant references on tables to lamina_lite;
alter default privileges for role postgres grant usage on sequences to lamina_lite;
