-- Purpose:  messaging as clients call it, and the door of ManyChat.
-- Risk:     none, new functions only.
-- Way back: drop the functions of this file.
set local lock_timeout = '5s';

create function public.create_channel(
  p_workspace_id uuid, p_name text, p_page_key text default null, p_default_language text default 'fr'
) returns jsonb
language sql volatile security invoker set search_path = ''
begin atomic
  select app.create_channel(p_workspace_id, p_name, p_page_key, p_default_language);
end;

comment on function public.create_channel(uuid, text, text, text) is
  'Begins a WhatsApp channel by ManyChat. Returns {channel_id, secret}: the secret that ManyChat must send as header x-lamina-secret is shown this once. Errors: channel.bad_name, channel.bad_language, channel.bad_key, plan.not_entitled, workspace.forbidden, auth.second_factor_required.';

create function public.set_channel_key(p_channel_id uuid, p_page_key text) returns void
language sql volatile security invoker set search_path = ''
begin atomic
  select app.set_channel_key(p_channel_id, p_page_key);
end;

comment on function public.set_channel_key(uuid, text) is
  'Sets the ManyChat page''s API key, which nobody reads back; a broken channel works again, and once the vendor knows the key, replies go out that failed for want of it within 24 hours. Errors: channel.not_found, channel.bad_key, workspace.forbidden, auth.second_factor_required.';

create function public.rotate_channel_secret(p_channel_id uuid, p_overlap interval default '1 day') returns text
language sql volatile security invoker set search_path = ''
begin atomic
  select app.rotate_channel_secret(p_channel_id, p_overlap);
end;

comment on function public.rotate_channel_secret(uuid, interval) is
  'A new inbound secret, shown this once; the old one stays good for the overlap. Errors: channel.not_found, channel.bad_overlap, workspace.forbidden, auth.second_factor_required.';

create function public.update_channel(
  p_channel_id uuid, p_name text default null, p_ack_texts jsonb default null, p_unavailable_texts jsonb default null,
  p_default_language text default null, p_is_enabled boolean default null, p_not_answered_texts jsonb default null,
  p_passed_on_texts jsonb default null, p_attachment_texts jsonb default null, p_on_unanswered text default null
) returns public.channels
language sql volatile security invoker set search_path = ''
begin atomic
  select * from app.update_channel(p_channel_id, p_name, p_ack_texts, p_unavailable_texts, p_default_language, p_is_enabled,
    p_not_answered_texts, p_passed_on_texts, p_attachment_texts, p_on_unanswered);
end;

comment on function public.update_channel(uuid, text, jsonb, jsonb, text, boolean, jsonb, jsonb, jsonb, text) is
  'Changes what is given, null leaves as it is. Errors: channel.not_found, channel.bad_name, channel.bad_texts, channel.bad_language, channel.bad_unanswered, workspace.forbidden.';

create function public.delete_channel(p_channel_id uuid) returns void
language sql volatile security invoker set search_path = ''
begin atomic
  select app.delete_channel(p_channel_id);
end;

comment on function public.delete_channel(uuid) is
  'Deletes a channel with its outbox; contacts and conversations stay. Errors: channel.not_found, workspace.forbidden, auth.second_factor_required.';

create function public.resend_message(p_delivery_id uuid) returns public.message_deliveries
language sql volatile security invoker set search_path = ''
begin atomic
  select * from app.resend_message(p_delivery_id);
end;

comment on function public.resend_message(uuid) is
  'Sends a reply again that failed, was cancelled, or of which nobody knows whether it arrived: then the person may get it twice. Errors: delivery.not_found, delivery.not_resendable, workspace.forbidden.';

create function app.delivery_of(p_message_id uuid) returns jsonb
language sql stable security invoker set search_path = ''
begin atomic
  select pg_catalog.jsonb_build_object('id', d.id, 'status', d.status, 'error_code', d.error_code)
  from public.message_deliveries as d where d.message_id = p_message_id
  order by d.created_at desc limit 1;
end;

comment on function app.delivery_of(uuid) is 'What became of a message on its channel, null when it was sent nowhere, or the caller may not see it. Internal.';

create function public.create_webhook_endpoint(
  p_workspace_id uuid, p_url text, p_events text[], p_description text default ''
) returns jsonb
language sql volatile security invoker set search_path = ''
begin atomic
  select app.create_webhook_endpoint(p_workspace_id, p_url, p_events, p_description);
end;

comment on function public.create_webhook_endpoint(uuid, text, text[], text) is
  'Sends signed copies of events to an address. Returns {endpoint_id, secret}, the secret this once. Errors: webhook.bad_address, webhook.bad_events, webhook.bad_description, webhook.too_many, workspace.forbidden, auth.second_factor_required.';

create function public.update_webhook_endpoint(
  p_endpoint_id uuid, p_url text default null, p_events text[] default null, p_description text default null,
  p_is_enabled boolean default null
) returns public.webhook_endpoints
language sql volatile security invoker set search_path = ''
begin atomic
  select * from app.update_webhook_endpoint(p_endpoint_id, p_url, p_events, p_description, p_is_enabled);
end;

comment on function public.update_webhook_endpoint(uuid, text, text[], text, boolean) is
  'Changes what is given, null leaves as it is; true enables again what was disabled. Errors: webhook.not_found, webhook.bad_address, webhook.bad_events, webhook.bad_description, auth.second_factor_required.';

create function public.rotate_webhook_secret(p_endpoint_id uuid) returns text
language sql volatile security invoker set search_path = ''
begin atomic
  select app.rotate_webhook_secret(p_endpoint_id);
end;

comment on function public.rotate_webhook_secret(uuid) is
  'A new signing secret, shown this once, for all deliveries from now on. Errors: webhook.not_found, auth.second_factor_required.';

create function public.delete_webhook_endpoint(p_endpoint_id uuid) returns void
language sql volatile security invoker set search_path = ''
begin atomic
  select app.delete_webhook_endpoint(p_endpoint_id);
end;

comment on function public.delete_webhook_endpoint(uuid) is
  'Deletes the address and what waits for it. Errors: webhook.not_found, auth.second_factor_required.';

create function public.list_webhook_deliveries(
  p_endpoint_id uuid, p_limit int default 20, p_before timestamptz default null
) returns table (
  id uuid, event_id uuid, event text, status text, error_code text, error_message text, job_id bigint,
  created_at timestamptz, ended_at timestamptz)
language sql volatile security invoker set search_path = ''
begin atomic
  select * from app.list_webhook_deliveries(p_endpoint_id, p_limit, p_before);
end;

comment on function public.list_webhook_deliveries(uuid, int, timestamptz) is
  'What was sent to an address, newest first, without bodies. The next page: p_before is created_at of the last row. A failed one is sent again by retry_job. Error: webhook.not_found.';

create function public.receive_manychat(p_channel_id uuid, p_secret text, p_message jsonb) returns jsonb
language sql volatile security invoker set search_path = ''
begin atomic
  select app.receive_manychat(p_channel_id, p_secret, p_message);
end;

comment on function public.receive_manychat(uuid, text, jsonb) is
  'For the door of ManyChat: keeps a message {subscriber_id, text, message_id?, last_interaction?, name?, email?, phone?, language?} once and enqueues its answer. Without words, attachment (image | audio | video | file | attachment) stands for text: kept, not answered. Returns {outcome: accepted | duplicate | unavailable | unread, text to say at once}. Errors: channel.unauthorised, channel.disabled, channel.bad_message.';

revoke execute on function public.create_channel(uuid, text, text, text) from public, anon, authenticated, service_role;
revoke execute on function public.set_channel_key(uuid, text) from public, anon, authenticated, service_role;
revoke execute on function public.rotate_channel_secret(uuid, interval) from public, anon, authenticated, service_role;
revoke execute on function public.update_channel(uuid, text, jsonb, jsonb, text, boolean, jsonb, jsonb, jsonb, text)
  from public, anon, authenticated, service_role;
revoke execute on function public.delete_channel(uuid) from public, anon, authenticated, service_role;
revoke execute on function public.resend_message(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.delivery_of(uuid) from public, anon, authenticated, service_role;
revoke execute on function public.create_webhook_endpoint(uuid, text, text[], text) from public, anon, authenticated, service_role;
revoke execute on function public.update_webhook_endpoint(uuid, text, text[], text, boolean) from public, anon, authenticated, service_role;
revoke execute on function public.rotate_webhook_secret(uuid) from public, anon, authenticated, service_role;
revoke execute on function public.delete_webhook_endpoint(uuid) from public, anon, authenticated, service_role;
revoke execute on function public.list_webhook_deliveries(uuid, int, timestamptz) from public, anon, authenticated, service_role;
revoke execute on function public.receive_manychat(uuid, text, jsonb) from public, anon, authenticated, service_role;
grant execute on function public.create_channel(uuid, text, text, text) to authenticated;
grant execute on function public.set_channel_key(uuid, text) to authenticated;
grant execute on function public.rotate_channel_secret(uuid, interval) to authenticated;
grant execute on function public.update_channel(uuid, text, jsonb, jsonb, text, boolean, jsonb, jsonb, jsonb, text) to authenticated;
grant execute on function public.delete_channel(uuid) to authenticated;
grant execute on function public.resend_message(uuid) to authenticated;
grant execute on function app.delivery_of(uuid) to authenticated;
grant execute on function public.create_webhook_endpoint(uuid, text, text[], text) to authenticated;
grant execute on function public.update_webhook_endpoint(uuid, text, text[], text, boolean) to authenticated;
grant execute on function public.rotate_webhook_secret(uuid) to authenticated;
grant execute on function public.delete_webhook_endpoint(uuid) to authenticated;
grant execute on function public.list_webhook_deliveries(uuid, int, timestamptz) to authenticated;
grant execute on function public.receive_manychat(uuid, text, jsonb) to service_role;
