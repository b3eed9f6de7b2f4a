-- Purpose:  what is written into tickets, replies on the conversation's channel, one timeline of it all, moods.
-- Risk:     none, new functions only.
-- Way back: drop the functions of this file.
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- Write
------------------------------------------------------------------------------------------------
create function app.send_ticket_reply(p_ticket public.tickets, p_body text) returns uuid
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_channel_id uuid := (select c.channel_id from public.conversations as c where c.id = p_ticket.conversation_id);
  v_message public.messages;
  v_delivery public.message_deliveries;
begin
  if v_channel_id is null then
    return null;
  end if;
  perform app.require_permission(p_ticket.workspace_id, 'channels.send');
  insert into public.messages (workspace_id, conversation_id, role, content, contact_id, created_by, finished_at)
  values (p_ticket.workspace_id, p_ticket.conversation_id, 'assistant', p_body, p_ticket.contact_id, null, now())
  returning * into v_message;
  insert into public.message_deliveries (workspace_id, channel_id, contact_id, message_id)
  values (p_ticket.workspace_id, v_channel_id, p_ticket.contact_id, v_message.id)
  returning * into v_delivery;
  perform app.enqueue_delivery(v_delivery);
  perform app.emit_webhook(p_ticket.workspace_id, 'message.answered', jsonb_build_object(
    'message_id', v_message.id, 'reply_to', null, 'conversation_id', p_ticket.conversation_id, 'channel_id', v_channel_id,
    'contact_id', p_ticket.contact_id, 'answered', true, 'text', p_body, 'error_code', null));
  return v_message.id;
end;
$$;

comment on function app.send_ticket_reply(public.tickets, text) is
  'Puts a reply into the outbox of the ticket''s channel, as an answer is; the message, null when the ticket has no channel. Internal.';

create function app.insert_ticket_message(p_ticket public.tickets, p_kind text, p_body text, p_message_id uuid, p_key text)
returns public.ticket_messages
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_message public.ticket_messages;
begin
  if (length(p_body) between 1 and 8000 and p_body ~ '\S') is not true then
    perform app.fail(400, 'ticket.bad_body', 'A message has 1 to 8,000 characters.');
  end if;
  insert into public.ticket_messages (workspace_id, ticket_id, kind, body, author_id, message_id, idempotency_key)
  values (p_ticket.workspace_id, p_ticket.id, p_kind, p_body, app.user_id(), p_message_id, p_key)
  returning * into v_message;
  if p_kind = 'customer' then
    perform app.enqueue('service.rate_ticket_message', p_ticket.workspace_id, v_message.id);
  end if;
  return v_message;
end;
$$;

comment on function app.insert_ticket_message(public.tickets, text, text, uuid, text) is 'The row, and the rating of a customer''s words. Internal.';

create function app.add_ticket_message(p_ticket_id uuid, p_kind text, p_body text, p_status text, p_idempotency_key text)
returns public.ticket_messages
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_ticket public.tickets := app.lock_ticket(p_ticket_id);
  v_message public.ticket_messages;
begin
  perform app.check_ticket_key(p_idempotency_key);
  select * into v_message from public.ticket_messages as m
  where m.ticket_id = p_ticket_id and m.author_id = app.user_id() and m.idempotency_key = p_idempotency_key;
  if found then
    if (v_message.kind, v_message.body) is distinct from (p_kind, p_body) then
      perform app.fail(409, 'ticket.idempotency_conflict', 'This idempotency key was used for another message.');
    end if;
    return v_message;
  end if;
  if (p_kind in ('reply', 'note', 'customer')) is not true then
    perform app.fail(400, 'ticket.bad_kind', 'There is no such kind of message.', 'Use reply, note or customer.');
  elsif p_kind <> 'note' and v_ticket.status = 'closed' then
    perform app.fail(409, 'ticket.closed', 'A closed ticket takes notes only.', 'Open it again, or open a new one.');
  end if;
  v_message := app.insert_ticket_message(v_ticket, p_kind, p_body,
    case when p_kind = 'reply' then app.send_ticket_reply(v_ticket, p_body) end, p_idempotency_key);
  if v_message.message_id is not null then
    v_ticket := app.hand_ticket(v_ticket, 'people');
  end if;
  if p_kind = 'reply' and v_ticket.first_responded_at is null then
    update public.tickets as t set first_responded_at = now() where t.id = p_ticket_id returning * into v_ticket;
  end if;
  if p_kind = 'reply' and v_ticket.status = 'new' or p_kind = 'customer' and v_ticket.status in ('pending', 'solved') then
    v_ticket := app.move_ticket(v_ticket, 'open', app.user_id());
  end if;
  if p_status is not null then
    perform app.move_ticket(v_ticket, p_status, app.user_id());
  end if;
  return v_message;
end;
$$;

comment on function app.add_ticket_message(uuid, text, text, text, text) is 'Behind public.add_ticket_message.';

------------------------------------------------------------------------------------------------
-- Timeline
------------------------------------------------------------------------------------------------
create function public.ticket_timeline(p_ticket_id uuid, p_limit int default 50, p_before timestamptz default null, p_before_id uuid default null)
returns table (at timestamptz, id uuid, source text, kind text, body text, actor_id uuid, detail jsonb)
language plpgsql stable security invoker set search_path = '' rows 50 as $$
declare
  v_ticket public.tickets;
  v_limit int := least(greatest(coalesce(p_limit, 50), 1), 200);
  v_at timestamptz := coalesce(p_before, 'infinity');
  v_id uuid := coalesce(p_before_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
begin
  select * into v_ticket from public.tickets as t where t.id = p_ticket_id;
  if not found then
    perform app.fail(404, 'ticket.not_found', 'There is no such ticket.');
  end if;
  return query
  (select e.created_at, e.id, 'event', e.kind, null::text, e.actor_id,
     jsonb_build_object('from', e.from_value, 'to', e.to_value)
   from public.ticket_events as e
   where e.ticket_id = p_ticket_id and (e.created_at, e.id) < (v_at, v_id)
   order by e.created_at desc, e.id desc limit v_limit)
  union all
  (select m.created_at, m.id, 'ticket', m.kind, m.body, m.author_id,
     jsonb_build_object('delivery', app.delivery_of(m.message_id), 'sentiment', s.label, 'score', s.score)
   from public.ticket_messages as m
   left join public.sentiments as s on s.ticket_message_id = m.id
   where m.ticket_id = p_ticket_id and (m.created_at, m.id) < (v_at, v_id)
   order by m.created_at desc, m.id desc limit v_limit)
  union all
  (select c.created_at, c.id, 'conversation', c.role, c.content, c.created_by, jsonb_build_object(
     'status', c.status, 'delivery', app.delivery_of(c.id), 'sentiment', s.label, 'score', s.score)
   from public.messages as c
   left join public.sentiments as s on s.message_id = c.id
   where c.conversation_id = v_ticket.conversation_id and c.contact_id is not null and (c.created_at, c.id) < (v_at, v_id)
     and not exists (select from public.ticket_messages as m where m.message_id = c.id)
   order by c.created_at desc, c.id desc limit v_limit)
  order by 1 desc, 2 desc
  limit v_limit;
end;
$$;

comment on function public.ticket_timeline(uuid, int, timestamptz, uuid) is
  'Newest first: what happened (event), what members wrote (ticket), what the contact and we wrote on the channel (conversation, for those with conversations.read_all). Next page: at and id of the last row. Error: ticket.not_found.';

------------------------------------------------------------------------------------------------
-- Moods
------------------------------------------------------------------------------------------------
create function app.save_sentiment(
  p_message_id uuid, p_ticket_message_id uuid, p_score real, p_label text, p_confidence real, p_language text, p_provider text, p_model text
) returns uuid
language plpgsql volatile security definer set search_path = '' as $$
begin
  insert into public.sentiments (
    workspace_id, message_id, ticket_message_id, score, label, confidence, language, provider, model, said_at)
  select w.workspace_id, p_message_id, p_ticket_message_id, p_score, p_label, p_confidence, p_language, p_provider, p_model, w.created_at
  from (
    select m.workspace_id, m.created_at from public.messages as m where m.id = p_message_id
    union all
    select m.workspace_id, m.created_at from public.ticket_messages as m where m.id = p_ticket_message_id
  ) as w
  on conflict do nothing;
  return (
    select t.id from public.tickets as t join public.messages as m on m.conversation_id = t.conversation_id
    where m.id = p_message_id and t.status <> 'closed'
    union all
    select m.ticket_id from public.ticket_messages as m where m.id = p_ticket_message_id);
end;
$$;

comment on function app.save_sentiment(uuid, uuid, real, text, real, text, text, text) is
  'How a message sounds, once; the ticket whose mood it belongs to, if any. Words that are gone leave nothing.';

create function app.reserve_rating(p_workspace_id uuid, p_job_id bigint) returns boolean
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform app.consume(p_workspace_id, 'requests', 1, p_job_id);
  return true;
exception when sqlstate 'PT402' then
  return false;
end;
$$;

comment on function app.reserve_rating(uuid, bigint) is 'Reserves a request for a rating by a language model, once per job; false when the plan has no room.';

create function app.ticket_mood(p_ticket_id uuid, p_limit int) returns table (before real, scores real[])
language plpgsql volatile security definer set search_path = '' rows 1 as $$
declare
  v_ticket public.tickets;
begin
  select * into v_ticket from public.tickets as t where t.id = p_ticket_id for no key update;
  return query
  select v_ticket.sentiment_score, array(
    select s.score from (
      select r.score, r.said_at from public.sentiments as r join public.ticket_messages as m on m.id = r.ticket_message_id
      where m.ticket_id = p_ticket_id
      union all
      select r.score, r.said_at from public.sentiments as r join public.messages as m on m.id = r.message_id
      where m.conversation_id = v_ticket.conversation_id and m.created_at > v_ticket.created_at - interval '1 day'
    ) as s
    where s.score is not null
    order by s.said_at desc limit p_limit)
  where v_ticket.id is not null;
end;
$$;

comment on function app.ticket_mood(uuid, int) is
  'Locks a ticket and gives its mood so far with the latest known scores, newest first: of words in it, and of the conversation from a day before it was opened.';

create function app.set_ticket_mood(p_ticket_id uuid, p_score real, p_label text, p_is_alert boolean) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_ticket public.tickets;
  v_before real;
begin
  select t.sentiment_score into v_before from public.tickets as t where t.id = p_ticket_id for no key update;
  update public.tickets as t
  set sentiment_score = p_score, sentiment_label = p_label,
    sentiment_alert_at = case when p_is_alert then now() else t.sentiment_alert_at end
  where t.id = p_ticket_id and t.sentiment_score is distinct from p_score
  returning * into v_ticket;
  if found and p_is_alert then
    perform app.note_ticket(v_ticket, 'mood', v_before::text, p_score::text, null);
    perform app.tell_ticket(v_ticket, 'ticket_mood', 'mood:' || extract(epoch from clock_timestamp()));
  end if;
end;
$$;

comment on function app.set_ticket_mood(uuid, real, text, boolean) is 'The ticket''s mood, and an alert in its history and to who deals with it.';

revoke execute on function app.send_ticket_reply(public.tickets, text) from public, anon, authenticated, service_role;
revoke execute on function app.insert_ticket_message(public.tickets, text, text, uuid, text) from public, anon, authenticated, service_role;
revoke execute on function app.add_ticket_message(uuid, text, text, text, text) from public, anon, authenticated, service_role;
revoke execute on function public.ticket_timeline(uuid, int, timestamptz, uuid) from public, anon, authenticated, service_role;
revoke execute on function app.save_sentiment(uuid, uuid, real, text, real, text, text, text) from public, anon, authenticated, service_role;
revoke execute on function app.reserve_rating(uuid, bigint) from public, anon, authenticated, service_role;
revoke execute on function app.ticket_mood(uuid, int) from public, anon, authenticated, service_role;
revoke execute on function app.set_ticket_mood(uuid, real, text, boolean) from public, anon, authenticated, service_role;
grant execute on function app.add_ticket_message(uuid, text, text, text, text) to authenticated;
grant execute on function public.ticket_timeline(uuid, int, timestamptz, uuid) to authenticated;
grant execute on function app.save_sentiment(uuid, uuid, real, text, real, text, text, text) to lamina_worker;
grant execute on function app.reserve_rating(uuid, bigint) to lamina_worker;
grant execute on function app.ticket_mood(uuid, int) to lamina_worker;
grant execute on function app.set_ticket_mood(uuid, real, text, boolean) to lamina_worker;
