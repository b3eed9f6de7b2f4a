-- Purpose:  the ground every domain stands on: schemas, the vector extension, the worker's role, the helpers
--           that read the caller's token and raise errors with a stable code.
-- Risk:     none, new objects only; schema extensions and extension vector are left as they are if present.
-- Way back: drop schema app cascade; drop owned by lamina_worker; drop role lamina_worker.
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- the worker's role
------------------------------------------------------------------------------------------------
do $$
begin
  if not exists (select from pg_catalog.pg_roles where rolname = 'lamina_worker') then
    create role lamina_worker nologin bypassrls;
  end if;
exception
  -- Roles belong to the whole server: a migration of another database may have made it just now.
  when duplicate_object or unique_violation then null;
end;
$$;

------------------------------------------------------------------------------------------------
-- schemas and extensions
------------------------------------------------------------------------------------------------
create schema if not exists extensions;
create schema if not exists app;
create extension if not exists vector with schema extensions;

comment on schema app is 'Never exposed: helpers, triggers, worker-only tables, every SECURITY DEFINER function.';

revoke all on schema app from public, anon, authenticated, service_role;
grant usage on schema app to authenticated, service_role, lamina_worker;
grant usage on schema extensions to authenticated, service_role, lamina_worker;
grant usage on schema public to anon, authenticated, service_role, lamina_worker;

------------------------------------------------------------------------------------------------
-- errors
------------------------------------------------------------------------------------------------
create function app.fail(p_status int, p_code text, p_message text, p_hint text default null)
returns void
language plpgsql volatile security invoker set search_path = ''
as $$
begin
  raise exception using
    errcode = 'PT' || p_status, message = p_message, detail = p_code, hint = coalesce(p_hint, '');
end;
$$;

comment on function app.fail(int, text, text, text) is
  'Raises: SQLSTATE PT<status> chooses the HTTP status, detail carries the stable code, message a sentence for people.';

revoke execute on function app.fail(int, text, text, text) from public, anon, authenticated, service_role;
grant execute on function app.fail(int, text, text, text) to authenticated, service_role, lamina_worker;

------------------------------------------------------------------------------------------------
-- the caller
------------------------------------------------------------------------------------------------
create function app.claims()
returns jsonb
language sql stable parallel safe security invoker set search_path = ''
as $$
  select coalesce(nullif(current_setting('request.jwt.claims', true), ''), '{}')::jsonb;
$$;

comment on function app.claims() is 'Claims of the caller''s token, already verified by the platform; {} when there is none.';

revoke execute on function app.claims() from public, anon, authenticated, service_role;
grant execute on function app.claims() to authenticated, service_role, lamina_worker;

create function app.subject_id(p_issuer text, p_subject text)
returns uuid
language sql immutable parallel safe security invoker set search_path = ''
as $$
  select case
    when p_subject is null or p_subject = '' then null
    when p_subject ~ '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$' then p_subject::uuid
    else (
      select encode(set_byte(set_byte(h, 6, get_byte(h, 6) & 15 | 128), 8, get_byte(h, 8) & 63 | 128), 'hex')::uuid
      from (
        select substring(sha256(convert_to(coalesce(p_issuer, '') || ':' || p_subject, 'UTF8')) from 1 for 16) as h
      ) as digest
    )
  end;
$$;

comment on function app.subject_id(text, text) is
  'Our uuid for a token''s subject: a uuid stands for itself, a text (Clerk user_…) becomes a version 8 uuid made of '
  'the first 16 bytes of sha256(issuer:subject), so that equal subjects of two issuers stay two people.';

revoke execute on function app.subject_id(text, text) from public, anon, authenticated, service_role;
grant execute on function app.subject_id(text, text) to authenticated, service_role, lamina_worker;

create function app.user_id()
returns uuid
language sql stable parallel safe security invoker set search_path = ''
as $$
  select app.subject_id(claims ->> 'iss', claims ->> 'sub') from app.claims() as claims;
$$;

comment on function app.user_id() is
  'Our uuid for the caller, null when nobody is signed in. Policies use it in place of auth.uid(), which fails on text subjects.';

revoke execute on function app.user_id() from public, anon, authenticated, service_role;
grant execute on function app.user_id() to authenticated, service_role, lamina_worker;

create function app.require_user()
returns uuid
language plpgsql stable security invoker set search_path = ''
as $$
declare
  v_user_id uuid := app.user_id();
begin
  if v_user_id is null then
    perform app.fail(401, 'auth.required', 'You are not signed in.', 'Sign in and send your access token.');
  end if;
  return v_user_id;
end;
$$;

comment on function app.require_user() is 'Our uuid for the caller; fails with 401 auth.required when nobody is signed in.';

revoke execute on function app.require_user() from public, anon, authenticated, service_role;
grant execute on function app.require_user() to authenticated, service_role, lamina_worker;

------------------------------------------------------------------------------------------------
-- stamps
------------------------------------------------------------------------------------------------
create function app.touch_updated_at()
returns trigger
language plpgsql volatile security invoker set search_path = ''
as $$
begin
  new.updated_at := now();
  return new;
end;
$$;

comment on function app.touch_updated_at() is 'Trigger: stamps updated_at with the transaction''s time before an update.';

revoke execute on function app.touch_updated_at() from public, anon, authenticated, service_role;
