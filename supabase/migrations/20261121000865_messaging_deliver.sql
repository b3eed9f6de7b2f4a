-- Purpose:  the outbox: an answer that ends is delivered once; its states; sent again by a person, or when a refused key is replaced.
-- Risk:     triggers on public.messages for contacts' answers, on public.channels, and on public.jobs for kind messaging.send_reply.
-- Way back: drop the functions of this file (cascade drops the triggers); delete the notification kind channel_broken.
set local lock_timeout = '5s';

insert into app.notification_kinds (kind, is_optional, description) values
  ('channel_broken', false, 'A channel to people outside stopped working.');

------------------------------------------------------------------------------------------------
-- An answer ends → outbox
------------------------------------------------------------------------------------------------
create function app.enqueue_delivery(p_delivery public.message_deliveries) returns void
language sql volatile security definer set search_path = ''
begin atomic
  update public.message_deliveries as d
  set job_id = app.enqueue(
    'messaging.send_reply', d.workspace_id, d.id, p_ordering_key => pg_catalog.format('contact:%s:%s', d.channel_id, d.contact_id))
  where d.id = (p_delivery).id;
end;

comment on function app.enqueue_delivery(public.message_deliveries) is 'One job; those of one contact run in order. Internal.';

create function app.queue_delivery() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_delivery public.message_deliveries;
begin
  insert into public.message_deliveries (workspace_id, channel_id, contact_id, message_id, kind)
  select new.workspace_id, c.channel_id, new.contact_id, new.id, case new.status when 'complete' then 'answer' else 'unavailable' end
  from public.conversations as c where c.id = new.conversation_id and c.channel_id is not null
  on conflict do nothing
  returning * into v_delivery;
  if found then
    perform app.enqueue_delivery(v_delivery);
    perform app.emit_webhook(new.workspace_id, case new.status when 'complete' then 'message.answered' else 'message.failed' end,
      jsonb_build_object('message_id', new.id, 'reply_to', new.reply_to, 'conversation_id', new.conversation_id,
        'channel_id', v_delivery.channel_id, 'contact_id', new.contact_id, 'answered', new.answered,
        'text', new.content, 'error_code', new.error_code));
  end if;
  return null;
end;
$$;

comment on function app.queue_delivery() is 'In the transaction in which an answer ends: the reply to the person, or the words for when there is none.';

create trigger queue_delivery after update of status on public.messages
  for each row when (
    new.contact_id is not null and new.role = 'assistant' and new.status in ('complete', 'failed') and new.status <> old.status)
  execute function app.queue_delivery();
comment on trigger queue_delivery on public.messages is 'No answer to a contact is left unsent.';

------------------------------------------------------------------------------------------------
-- The worker sends
------------------------------------------------------------------------------------------------
create function app.begin_delivery(p_delivery_id uuid) returns text
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_before text;
begin
  select d.status into v_before from public.message_deliveries as d where d.id = p_delivery_id for no key update;
  if v_before = 'queued' then
    update public.message_deliveries as d set status = 'sending', error_code = null, error_message = null where d.id = p_delivery_id;
    return 'sending';
  elsif v_before = 'sending' then
    perform app.settle_delivery(p_delivery_id, 'unknown', p_error_code => 'provider.outcome_unknown',
      p_error_message => 'It is not known whether the message was delivered: its sender stopped in the middle.');
    return 'unknown';
  end if;
  return v_before;
end;
$$;

comment on function app.begin_delivery(uuid) is
  'To be committed before a request is made: sending means go on. Who finds it sending already comes after a worker that died there: unknown. Null when it is gone.';

create function app.settle_delivery(
  p_delivery_id uuid, p_status text, p_requests_sent int default null, p_is_offline boolean default null,
  p_error_code text default null, p_error_message text default null
) returns void
language sql volatile security definer set search_path = ''
begin atomic
  update public.message_deliveries as d
  set status = p_status, requests_sent = coalesce(p_requests_sent, d.requests_sent),
    is_offline = coalesce(p_is_offline, d.is_offline), error_code = p_error_code, error_message = p_error_message,
    sent_at = case when p_status = 'sent' then pg_catalog.now() end
  where d.id = p_delivery_id and d.status in ('queued', 'sending', 'unknown');
end;

comment on function app.settle_delivery(uuid, text, int, boolean, text, text) is
  'What became of a request: queued when nothing was delivered and it may be tried again, or when more of the text follows.';

create function app.break_channel(p_channel_id uuid, p_page_key text, p_error_code text, p_error_message text) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_channel public.channels;
begin
  update public.channels as c set status = 'broken', error_code = p_error_code, error_message = p_error_message
  where c.id = p_channel_id and c.status = 'active'
    and exists (select from app.channel_secrets as s where s.channel_id = c.id and s.page_key = p_page_key)
  returning c.* into v_channel;
  if not found then
    return;
  end if;
  perform app.audit(v_channel.workspace_id, 'channel.broken', p_channel_id::text, jsonb_build_object('error_code', p_error_code));
  perform app.notify('channel_broken', m.user_id, m.workspace_id, null,
    concat_ws(':', 'channel', p_channel_id, v_channel.page_key_last4, m.user_id, current_date),
    jsonb_build_object('title', v_channel.name, 'reason', p_error_message, 'error_code', p_error_code))
  from public.workspace_members as m
  join public.role_permissions as r on r.role = m.role and r.permission = 'channels.manage'
  where m.workspace_id = v_channel.workspace_id;
end;
$$;

comment on function app.break_channel(uuid, text, text, text) is
  'The vendor refuses the key: those who manage channels are told, of one key once a day. One that was set meanwhile is not blamed.';

create function app.channel_checked(p_channel_id uuid, p_page_key text, p_page_name text) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_channel public.channels;
begin
  update public.channels as c
  set page_name = p_page_name, error_code = null, error_message = null,
    status = case c.status when 'broken' then 'active' else c.status end
  where c.id = p_channel_id
    and exists (select from app.channel_secrets as s where s.channel_id = c.id and s.page_key = p_page_key)
  returning c.* into v_channel;
  if found then
    perform app.requeue_refused(v_channel);
    perform app.ask_refused_again(v_channel);
  end if;
end;
$$;

comment on function app.channel_checked(uuid, text, text) is 'The vendor knows the key: what waited for a good one is sent, or answered first.';

create function app.broadcast_channel() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform realtime.send(jsonb_build_object('channel_id', new.id, 'status', new.status, 'error_code', new.error_code),
    'channel.changed', 'workspace:' || new.workspace_id, true);
  return null;
end;
$$;

comment on function app.broadcast_channel() is 'A hint to members; what is true is in the table.';

create trigger broadcast_change after update of status, error_code, page_name, page_key_last4 on public.channels
  for each row when (
    (old.status, old.error_code, old.page_name, old.page_key_last4) is distinct from
    (new.status, new.error_code, new.page_name, new.page_key_last4))
  execute function app.broadcast_channel();
comment on trigger broadcast_change on public.channels is 'Whoever set a key hears what the vendor says to it.';

------------------------------------------------------------------------------------------------
-- However its job ends
------------------------------------------------------------------------------------------------
create function app.mirror_delivery_job() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  if new.gate = 'closed' then
    update public.message_deliveries as d
    set status = case when d.status = 'sending' then 'unknown' when new.status = 'cancelled' then 'cancelled' else 'failed' end,
      error_code = coalesce(new.error_code, 'job.cancelled'), error_message = coalesce(new.error_message, 'It was cancelled.')
    where d.id = new.subject_id and d.status in ('queued', 'sending') and d.job_id = new.id;
  elsif old.gate = 'closed' then
    update public.message_deliveries as d set status = 'queued', error_code = null, error_message = null, job_id = new.id
    where d.id = new.subject_id and d.status in ('failed', 'cancelled');
  end if;
  return null;
end;
$$;

comment on function app.mirror_delivery_job() is
  'Success is written by the worker; every other end of the job shows in the delivery from here, unless a later job sends it by now. One whose outcome is unknown is not queued again by a retry of its job.';

create trigger mirror_delivery_job after update of gate on public.jobs
  for each row when (
    new.kind = 'messaging.send_reply' and new.status <> 'succeeded' and (new.gate = 'closed') <> (old.gate = 'closed'))
  execute function app.mirror_delivery_job();
comment on trigger mirror_delivery_job on public.jobs is 'No delivery is left waiting for a job that has ended.';

create function app.tell_delivery() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform realtime.send(
    jsonb_build_object('id', new.id, 'message_id', new.message_id, 'status', new.status, 'error_code', new.error_code),
    'delivery', 'conversation:' || m.conversation_id, true)
  from public.messages as m where m.id = new.message_id;
  if new.status in ('sent', 'failed', 'unknown') then
    perform app.emit_webhook(new.workspace_id, case new.status when 'sent' then 'message.sent' else 'message.undelivered' end,
      jsonb_build_object('message_id', new.message_id, 'delivery_id', new.id, 'channel_id', new.channel_id,
        'contact_id', new.contact_id, 'status', new.status, 'is_offline', new.is_offline, 'error_code', new.error_code));
  end if;
  return null;
end;
$$;

comment on function app.tell_delivery() is 'Tells listeners of the conversation, and the customer''s webhooks when it has ended.';

create trigger tell_update after update of status on public.message_deliveries
  for each row when (new.status is distinct from old.status)
  execute function app.tell_delivery();
comment on trigger tell_update on public.message_deliveries is 'What becomes of a reply is watched.';

------------------------------------------------------------------------------------------------
-- Again, by a person
------------------------------------------------------------------------------------------------
create function app.resend_message(p_delivery_id uuid) returns public.message_deliveries
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_delivery public.message_deliveries;
begin
  perform app.require_user();
  select * into v_delivery from public.message_deliveries as d
  where d.id = p_delivery_id and d.workspace_id = any (array(select app.workspaces_with('conversations.read')))
  for no key update;
  if not found then
    perform app.fail(404, 'delivery.not_found', 'There is no such delivery.');
  end if;
  perform app.require_permission(v_delivery.workspace_id, 'channels.send');
  if v_delivery.status not in ('failed', 'cancelled', 'unknown') then
    perform app.fail(409, 'delivery.not_resendable', format('Only what did not arrive is sent again; this is %s.', v_delivery.status));
  end if;
  update public.message_deliveries as d
  set status = 'queued', error_code = null, error_message = null
  where d.id = p_delivery_id;
  perform app.enqueue_delivery(v_delivery);
  perform app.audit(v_delivery.workspace_id, 'message.resent', p_delivery_id::text, jsonb_build_object('was', v_delivery.status));
  select * into v_delivery from public.message_deliveries as d where d.id = p_delivery_id;
  return v_delivery;
end;
$$;

comment on function app.resend_message(uuid) is 'Behind public.resend_message.';

revoke execute on function app.enqueue_delivery(public.message_deliveries) from public, anon, authenticated, service_role;
revoke execute on function app.queue_delivery() from public, anon, authenticated, service_role;
revoke execute on function app.begin_delivery(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.settle_delivery(uuid, text, int, boolean, text, text) from public, anon, authenticated, service_role;
revoke execute on function app.break_channel(uuid, text, text, text) from public, anon, authenticated, service_role;
revoke execute on function app.channel_checked(uuid, text, text) from public, anon, authenticated, service_role;
revoke execute on function app.broadcast_channel() from public, anon, authenticated, service_role;
revoke execute on function app.mirror_delivery_job() from public, anon, authenticated, service_role;
revoke execute on function app.tell_delivery() from public, anon, authenticated, service_role;
revoke execute on function app.resend_message(uuid) from public, anon, authenticated, service_role;
grant execute on function app.begin_delivery(uuid) to lamina_worker;
grant execute on function app.settle_delivery(uuid, text, int, boolean, text, text) to lamina_worker;
grant execute on function app.break_channel(uuid, text, text, text) to lamina_worker;
grant execute on function app.channel_checked(uuid, text, text) to lamina_worker;
grant execute on function app.resend_message(uuid) to authenticated;
