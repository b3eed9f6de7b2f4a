-- Purpose:  connections as clients call them, and the door of other systems.
-- Risk:     none, new functions only.
-- Way back: drop the functions of this file.
set local lock_timeout = '5s';

create function public.create_connection(
  p_workspace_id uuid, p_kind text, p_name text, p_settings jsonb, p_credentials jsonb default '{}'
) returns jsonb
language sql volatile security invoker set search_path = ''
begin atomic
  select app.create_connection(p_workspace_id, p_kind, p_name, p_settings, p_credentials);
end;

comment on function public.create_connection(uuid, text, text, jsonb, jsonb) is
  'Connects another system. Returns {connection_id}; for kind generic also {secret}, with which the other system signs its events, shown this once. The worker tests it and begins to synchronise. Errors: connection.bad_kind, connection.bad_name, connection.bad_settings, connection.bad_credentials, connection.too_many, plan.not_entitled, workspace.forbidden, auth.second_factor_required.';

create function public.update_connection(
  p_connection_id uuid, p_name text default null, p_settings jsonb default null, p_is_enabled boolean default null
) returns public.connections
language sql volatile security invoker set search_path = ''
begin atomic
  select * from app.update_connection(p_connection_id, p_name, p_settings, p_is_enabled);
end;

comment on function public.update_connection(uuid, text, jsonb, boolean) is
  'Changes what is given, null leaves as it is; with other settings everything is synchronised anew, true enables what was disabled or broken. Errors: connection.not_found, connection.bad_name, connection.bad_settings, workspace.forbidden, auth.second_factor_required.';

create function public.set_connection_credentials(p_connection_id uuid, p_credentials jsonb) returns void
language sql volatile security invoker set search_path = ''
begin atomic
  select app.set_connection_credentials(p_connection_id, p_credentials);
end;

comment on function public.set_connection_credentials(uuid, jsonb) is
  'Sets credentials, which nobody reads back; a broken connection works again. Errors: connection.not_found, connection.bad_credentials, connection.own_secret, workspace.forbidden, auth.second_factor_required.';

create function public.rotate_connection_secret(p_connection_id uuid, p_overlap interval default '1 day') returns text
language sql volatile security invoker set search_path = ''
begin atomic
  select app.rotate_connection_secret(p_connection_id, p_overlap);
end;

comment on function public.rotate_connection_secret(uuid, interval) is
  'A new secret of a generic connection, shown this once; the old one stays good for the overlap. Errors: connection.not_found, connection.not_generic, connection.bad_overlap, workspace.forbidden, auth.second_factor_required.';

create function public.delete_connection(p_connection_id uuid) returns void
language sql volatile security invoker set search_path = ''
begin atomic
  select app.delete_connection(p_connection_id);
end;

comment on function public.delete_connection(uuid) is
  'Deletes a connection with its credentials and records; contacts stay, here and there. Errors: connection.not_found, workspace.forbidden, auth.second_factor_required.';

create function public.test_connection(p_connection_id uuid) returns bigint
language sql volatile security invoker set search_path = ''
begin atomic
  select app.ask_connection(p_connection_id, 'test', false);
end;

comment on function public.test_connection(uuid) is
  'Has the worker ask the vendor whether settings and credentials are good; the id of the job. The answer shows in the connection, and what was broken works again. Errors: connection.not_found, connection.inbound_only, workspace.forbidden.';

create function public.sync_connection(p_connection_id uuid, p_is_full boolean default false) returns bigint
language sql volatile security invoker set search_path = ''
begin atomic
  select app.ask_connection(p_connection_id, 'sync', p_is_full);
end;

comment on function public.sync_connection(uuid, boolean) is
  'Synchronises now what changed; in full, every contact is looked at and sent again, those refused before too, except to Google Analytics, which would count twice. The id of the job. Without it the schedule does it within five minutes. Errors: connection.not_found, connection.inbound_only, connection.not_active, workspace.forbidden.';

create function public.receive_inbound(p_connection_id uuid, p_signature text, p_body text) returns text
language sql volatile security invoker set search_path = ''
begin atomic
  select app.receive_inbound(p_connection_id, p_signature, p_body);
end;

comment on function public.receive_inbound(uuid, text, text) is
  'For the door of other systems: keeps a signed event once and enqueues it; accepted or duplicate. Errors: inbound.unauthorised, inbound.stale, inbound.disabled, inbound.bad_event, inbound.body_too_large, inbound.too_fast, inbound.too_much.';

create function public.list_inbound_events(
  p_connection_id uuid, p_limit int default 20, p_before timestamptz default null
) returns table (
  id uuid, event_id text, status text, contact_id uuid, error_code text, error_message text, job_id bigint,
  received_at timestamptz, ended_at timestamptz)
language sql volatile security invoker set search_path = ''
begin atomic
  select * from app.list_inbound_events(p_connection_id, p_limit, p_before);
end;

comment on function public.list_inbound_events(uuid, int, timestamptz) is
  'What another system sent, newest first, without bodies. The next page: p_before is received_at of the last row. A failed one is tried again by retry_job. Errors: connection.not_found, workspace.forbidden.';

revoke execute on function public.create_connection(uuid, text, text, jsonb, jsonb) from public, anon, authenticated, service_role;
revoke execute on function public.update_connection(uuid, text, jsonb, boolean) from public, anon, authenticated, service_role;
revoke execute on function public.set_connection_credentials(uuid, jsonb) from public, anon, authenticated, service_role;
revoke execute on function public.rotate_connection_secret(uuid, interval) from public, anon, authenticated, service_role;
revoke execute on function public.delete_connection(uuid) from public, anon, authenticated, service_role;
revoke execute on function public.test_connection(uuid) from public, anon, authenticated, service_role;
revoke execute on function public.sync_connection(uuid, boolean) from public, anon, authenticated, service_role;
revoke execute on function public.receive_inbound(uuid, text, text) from public, anon, authenticated, service_role;
revoke execute on function public.list_inbound_events(uuid, int, timestamptz) from public, anon, authenticated, service_role;
grant execute on function public.create_connection(uuid, text, text, jsonb, jsonb) to authenticated;
grant execute on function public.update_connection(uuid, text, jsonb, boolean) to authenticated;
grant execute on function public.set_connection_credentials(uuid, jsonb) to authenticated;
grant execute on function public.rotate_connection_secret(uuid, interval) to authenticated;
grant execute on function public.delete_connection(uuid) to authenticated;
grant execute on function public.test_connection(uuid) to authenticated;
grant execute on function public.sync_connection(uuid, boolean) to authenticated;
grant execute on function public.receive_inbound(uuid, text, text) to service_role;
grant execute on function public.list_inbound_events(uuid, int, timestamptz) to authenticated;
