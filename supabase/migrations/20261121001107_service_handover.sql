-- Purpose:  who answers a contact whose conversation has a ticket: the model, or the people who deal with it.
-- Risk:     replaces app.is_left_to_people (000860), which is asked for every message that comes in.
-- Way back: drop the functions of this file; app.is_left_to_people selects false again.
set local lock_timeout = '5s';

create or replace function app.is_left_to_people(p_conversation_id uuid) returns boolean
language sql stable security definer set search_path = ''
begin atomic
  select exists (
    select from public.tickets as t
    where t.conversation_id = p_conversation_id and t.status <> 'closed' and t.answered_by = 'people');
end;

comment on function app.is_left_to_people(uuid) is 'Whether the model keeps silent in a contact''s conversation, because people deal with its ticket. Internal.';

create function app.hand_ticket(p_ticket public.tickets, p_to text) returns public.tickets
language plpgsql volatile security definer set search_path = '' as $$
begin
  if p_ticket.answered_by = p_to then
    return p_ticket;
  end if;
  perform app.note_ticket(p_ticket, 'answered_by', p_ticket.answered_by, p_to, app.user_id());
  update public.tickets as t set answered_by = p_to where t.id = p_ticket.id returning * into p_ticket;
  if p_to = 'people' then
    perform app.stop_job(m.job_id)
    from public.messages as m
    where m.conversation_id = p_ticket.conversation_id and m.role = 'assistant' and m.status in ('pending', 'streaming');
  end if;
  return p_ticket;
end;
$$;

comment on function app.hand_ticket(public.tickets, text) is
  'To people: answers that the model has begun are stopped, so that two do not talk at once. To ai: from the next message on. The caller holds the ticket''s lock. Internal.';

create function app.set_ticket_answerer(p_ticket_id uuid, p_answered_by text) returns public.tickets
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_ticket public.tickets := app.lock_ticket(p_ticket_id);
begin
  if (p_answered_by in ('ai', 'people')) is not true then
    perform app.fail(400, 'ticket.bad_answerer', 'Nobody of that name answers.', 'Use ai or people.');
  elsif not exists (
    select from public.conversations as c where c.id = v_ticket.conversation_id and c.channel_id is not null
  ) then
    perform app.fail(409, 'ticket.no_channel', 'The ticket has no conversation on a channel.');
  end if;
  return app.hand_ticket(v_ticket, p_answered_by);
end;
$$;

comment on function app.set_ticket_answerer(uuid, text) is 'Behind public.set_ticket_answerer.';

revoke execute on function app.is_left_to_people(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.hand_ticket(public.tickets, text) from public, anon, authenticated, service_role;
revoke execute on function app.set_ticket_answerer(uuid, text) from public, anon, authenticated, service_role;
grant execute on function app.set_ticket_answerer(uuid, text) to authenticated;
