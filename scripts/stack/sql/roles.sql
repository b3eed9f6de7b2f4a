-- Roles of the whole server, as Supabase has them; running this again changes nothing. The setting lamina.password
-- is what those that log in get, none when empty.
do $roles$
declare
  v_password text := nullif(current_setting('lamina.password'), '');
  v_role record;
begin
  for v_role in
    select r.name, r.attributes
    from (values
      ('anon', 'nologin noinherit'),
      ('authenticated', 'nologin noinherit'),
      ('service_role', 'nologin noinherit bypassrls'),
      ('authenticator', 'login noinherit'),
      ('postgres', 'login nosuperuser createrole createdb replication bypassrls'),
      ('supabase_realtime_admin', 'nologin noinherit'),
      -- The login of @supabase/lite. It owns the platform's schemas and nothing of ours, so that the GRANT ALL
      -- which it sends for every table cannot undo a REVOKE of a migration.
      ('lamina_lite', 'login')) as r (name, attributes)
    where not exists (select from pg_catalog.pg_roles as p where p.rolname = r.name)
  loop
    execute format('create role %I %s', v_role.name, v_role.attributes);
    if v_role.attributes like 'login%' and v_password is not null then
      execute format('alter role %I password %L', v_role.name, v_password);
    end if;
  end loop;
end
$roles$;

grant anon, authenticated, service_role to authenticator, lamina_lite;
grant anon, authenticated, service_role to postgres with admin option;
-- On the platform an extension lets postgres add policies and triggers to auth and storage; here ownership does.
grant lamina_lite to postgres;

alter role anon set statement_timeout = '3s';
alter role authenticated set statement_timeout = '8s';
alter role authenticator set statement_timeout = '8s';
alter role postgres set search_path = "$user", public, extensions;
