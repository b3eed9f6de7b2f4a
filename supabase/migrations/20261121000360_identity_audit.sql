-- Purpose:  what was done with a platform's or an owner's power: the audit log, and the guard of platform functions.
-- Risk:     none, new objects only.
-- Way back: drop table public.audit_log, then app.audit and app.require_platform.
set local lock_timeout = '5s';

insert into public.role_permissions (role, permission) values ('owner', 'audit.read'), ('admin', 'audit.read');

------------------------------------------------------------------------------------------------
-- public.audit_log
------------------------------------------------------------------------------------------------
create table public.audit_log (
  id bigint generated always as identity primary key,
  workspace_id uuid references public.workspaces (id) on delete cascade,
  actor_id uuid,
  action text not null check (action ~ '^[a-z_]+\.[a-z_]+$'),
  subject text,
  detail jsonb not null default '{}' check (jsonb_typeof(detail) = 'object'),
  request_id text,
  created_at timestamptz not null default now()
);

comment on table public.audit_log is 'Who did what with power over others or over money. Appended by functions only; nobody changes a row.';
comment on column public.audit_log.workspace_id is 'The tenant it concerns, who reads it; null when it concerns the platform.';
comment on column public.audit_log.actor_id is 'app.user_id() of who did it; null for the platform itself.';
comment on column public.audit_log.action is '<thing>.<what was done>.';
comment on column public.audit_log.subject is 'Id or name of the thing.';
comment on column public.audit_log.detail is 'What changed; never a secret.';
comment on column public.audit_log.request_id is 'Header x-request-id of the call.';

create index audit_log_workspace_idx on public.audit_log (workspace_id, id desc);
create index audit_log_actor_idx on public.audit_log (actor_id, id desc);

alter table public.audit_log enable row level security;

create policy select_members on public.audit_log
  for select to authenticated
  using (workspace_id = any (array(select app.workspaces_with('audit.read'))));
create policy select_with_second_factor on public.audit_log
  as restrictive for select to authenticated
  using ((select app.second_factor_used()));

comment on policy select_members on public.audit_log is 'A tenant sees what was done to it, by the platform''s staff too.';
comment on policy select_with_second_factor on public.audit_log is 'Who has a second factor uses it here.';

revoke all on table public.audit_log from public, anon, authenticated, service_role;
revoke all on sequence public.audit_log_id_seq from public, anon, authenticated, service_role;
grant select on table public.audit_log to authenticated;

------------------------------------------------------------------------------------------------
-- Writing it, and who may use the platform's functions
------------------------------------------------------------------------------------------------
create function app.audit(p_workspace_id uuid, p_action text, p_subject text, p_detail jsonb default '{}') returns void
language sql volatile security definer set search_path = ''
begin atomic
  insert into public.audit_log (workspace_id, actor_id, action, subject, detail, request_id)
  values (
    p_workspace_id, app.user_id(), p_action, p_subject, p_detail,
    pg_catalog.left(nullif(pg_catalog.current_setting('request.headers', true), '')::jsonb ->> 'x-request-id', 100));
end;

comment on function app.audit(uuid, text, text, jsonb) is 'Appends to the audit log in the transaction of what it tells of. Internal.';

create function app.require_platform(p_role text) returns void
language plpgsql stable security definer set search_path = '' as $$
begin
  perform app.require_user();
  if not app.is_platform(p_role) then
    perform app.fail(403, 'platform.forbidden', 'This is for the platform''s own staff.');
  end if;
  perform app.require_second_factor();
end;
$$;

comment on function app.require_platform(text) is 'Fails unless the caller holds the platform role and used an enrolled second factor. Internal.';

revoke execute on function app.audit(uuid, text, text, jsonb) from public, anon, authenticated, service_role;
revoke execute on function app.require_platform(text) from public, anon, authenticated, service_role;
