-- Purpose:  a contact's question that the documents do not answer becomes a ticket, where the channel is set so.
-- Risk:     a trigger on public.messages for contacts' answers; nothing happens while channels.on_unanswered is say.
-- Way back: drop the function of this file (cascade drops the trigger); delete the notification kind ticket_unanswered.
set local lock_timeout = '5s';

insert into app.notification_kinds (kind, is_optional, description, emails_per_hour) values
  ('ticket_unanswered', true, 'A customer asked what the documents do not answer.', 20);

create function app.pass_on_unanswered() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_ticket public.tickets;
  v_question text := (select q.content from public.messages as q where q.id = new.reply_to);
begin
  -- Who deletes the conversation holds it, and waits for this transaction: then there is nothing to open.
  perform from public.conversations as c
  join public.channels as ch on ch.id = c.channel_id and ch.on_unanswered = 'ticket'
  where c.id = new.conversation_id
  for key share of c skip locked;
  if not found then
    return null;
  end if;
  perform from public.conversations as c where c.id = new.conversation_id for no key update;
  select * into v_ticket from public.tickets as t where t.conversation_id = new.conversation_id and t.status <> 'closed';
  if not found then
    v_ticket.workspace_id := new.workspace_id;
    v_ticket.conversation_id := new.conversation_id;
    v_ticket.contact_id := new.contact_id;
    v_ticket.priority := 'normal';
    v_ticket.subject := coalesce(nullif(btrim(left(regexp_replace(v_question, '\s+', ' ', 'g'), 200)), ''), 'Conversation');
    v_ticket := app.open_ticket(v_ticket);
    perform app.enqueue('service.roll_up_ticket', v_ticket.workspace_id, v_ticket.id);
  end if;
  perform app.tell_ticket(v_ticket, 'ticket_unanswered', 'unanswered:' || to_char(now() at time zone 'UTC', 'YYYY-MM-DD HH24'),
    jsonb_build_object('text', v_question));
  return null;
end;
$$;

comment on function app.pass_on_unanswered() is
  'Trigger: opens the conversation''s ticket, if it has none, with the question as its subject, and tells those who deal with it, once an hour for a ticket. The model answers on until a person does.';

create trigger pass_on_unanswered after update of status on public.messages
  for each row when (
    new.contact_id is not null and new.role = 'assistant' and new.status = 'complete' and old.status <> 'complete'
    and new.answered is false)
  execute function app.pass_on_unanswered();
comment on trigger pass_on_unanswered on public.messages is 'In the transaction in which the person is told that the question is passed on.';

revoke execute on function app.pass_on_unanswered() from public, anon, authenticated, service_role;
