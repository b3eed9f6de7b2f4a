-- Purpose:  tickets as clients call them.
-- Risk:     none, new functions only.
-- Way back: drop the functions of this file.
set local lock_timeout = '5s';

create function public.create_ticket(
  p_workspace_id uuid, p_subject text, p_body text default null, p_contact_id uuid default null, p_priority text default 'normal',
  p_assignee_id uuid default null, p_idempotency_key text default null
) returns public.tickets
language sql volatile security invoker set search_path = ''
begin atomic
  select * from app.create_ticket(p_workspace_id, p_subject, p_body, p_contact_id, p_priority, p_assignee_id, p_idempotency_key);
end;

comment on function public.create_ticket(uuid, text, text, uuid, text, uuid, text) is
  'Opens a ticket; the body is what the customer said, written down. Errors: ticket.bad_subject, ticket.bad_body, ticket.bad_contact, ticket.bad_priority, ticket.bad_assignee, ticket.bad_idempotency_key, ticket.idempotency_conflict, workspace.forbidden.';

create function public.open_ticket_from_conversation(p_conversation_id uuid, p_subject text default null, p_priority text default 'normal')
returns public.tickets
language sql volatile security invoker set search_path = ''
begin atomic
  select * from app.open_ticket_from_conversation(p_conversation_id, p_subject, p_priority);
end;

comment on function public.open_ticket_from_conversation(uuid, text, text) is
  'A ticket for a contact''s conversation, with their latest words as subject unless one is given; the one it has, when that is not closed. Errors: conversation.not_found, ticket.bad_subject, ticket.bad_priority, workspace.forbidden.';

create function public.update_ticket(p_ticket_id uuid, p_subject text default null, p_priority text default null) returns public.tickets
language sql volatile security invoker set search_path = ''
begin atomic
  select * from app.update_ticket(p_ticket_id, p_subject, p_priority);
end;

comment on function public.update_ticket(uuid, text, text) is
  'Changes what is given, null leaves as it is; another priority brings its promises. Errors: ticket.not_found, ticket.bad_subject, ticket.bad_priority, workspace.forbidden.';

create function public.link_ticket(p_ticket_id uuid, p_contact_id uuid default null, p_conversation_id uuid default null)
returns public.tickets
language sql volatile security invoker set search_path = ''
begin atomic
  select * from app.link_ticket(p_ticket_id, p_contact_id, p_conversation_id);
end;

comment on function public.link_ticket(uuid, uuid, uuid) is
  'Says whose a ticket is: a contact, or a contact''s conversation, on whose channel replies go out from then on; the contact may be put right while there is no conversation, which stays. Errors: ticket.not_found, ticket.bad_link, ticket.bad_contact, ticket.linked, ticket.conversation_taken, conversation.not_found, workspace.forbidden.';

create function public.assign_ticket(p_ticket_id uuid, p_assignee_id uuid) returns public.tickets
language sql volatile security invoker set search_path = ''
begin atomic
  select * from app.assign_ticket(p_ticket_id, p_assignee_id);
end;

comment on function public.assign_ticket(uuid, uuid) is
  'Gives a ticket to a member who answers tickets, and tells them; null takes it from whoever has it. Errors: ticket.not_found, ticket.bad_assignee, workspace.forbidden.';

create function public.set_ticket_status(p_ticket_id uuid, p_status text) returns public.tickets
language sql volatile security invoker set search_path = ''
begin atomic
  select * from app.set_ticket_status(p_ticket_id, p_status);
end;

comment on function public.set_ticket_status(uuid, text) is
  'Moves a ticket as ticket_transitions allows; the state it has changes nothing. Errors: ticket.not_found, ticket.bad_status, ticket.bad_transition, ticket.too_late, ticket.conversation_taken, workspace.forbidden.';

create function public.set_ticket_answerer(p_ticket_id uuid, p_answered_by text) returns public.tickets
language sql volatile security invoker set search_path = ''
begin atomic
  select * from app.set_ticket_answerer(p_ticket_id, p_answered_by);
end;

comment on function public.set_ticket_answerer(uuid, text) is
  'Who answers the contact on the conversation''s channel: people, and answers that the model has begun are stopped; or ai. A reply says people by itself, a closed ticket says ai. Errors: ticket.not_found, ticket.bad_answerer, ticket.no_channel, workspace.forbidden.';

create function public.add_ticket_message(
  p_ticket_id uuid, p_kind text, p_body text, p_status text default null, p_idempotency_key text default null
) returns public.ticket_messages
language sql volatile security invoker set search_path = ''
begin atomic
  select * from app.add_ticket_message(p_ticket_id, p_kind, p_body, p_status, p_idempotency_key);
end;

comment on function public.add_ticket_message(uuid, text, text, text, text) is
  'Writes a reply (sent on the conversation''s channel, if there is one, where the model is silent from then on), a note, or what the customer said; then moves the ticket to the state given. Errors: ticket.not_found, ticket.bad_kind, ticket.bad_body, ticket.closed, ticket.bad_status, ticket.bad_transition, ticket.bad_idempotency_key, ticket.idempotency_conflict, workspace.forbidden.';

revoke execute on function public.create_ticket(uuid, text, text, uuid, text, uuid, text) from public, anon, authenticated, service_role;
revoke execute on function public.open_ticket_from_conversation(uuid, text, text) from public, anon, authenticated, service_role;
revoke execute on function public.update_ticket(uuid, text, text) from public, anon, authenticated, service_role;
revoke execute on function public.link_ticket(uuid, uuid, uuid) from public, anon, authenticated, service_role;
revoke execute on function public.assign_ticket(uuid, uuid) from public, anon, authenticated, service_role;
revoke execute on function public.set_ticket_status(uuid, text) from public, anon, authenticated, service_role;
revoke execute on function public.set_ticket_answerer(uuid, text) from public, anon, authenticated, service_role;
revoke execute on function public.add_ticket_message(uuid, text, text, text, text) from public, anon, authenticated, service_role;
grant execute on function public.create_ticket(uuid, text, text, uuid, text, uuid, text) to authenticated;
grant execute on function public.open_ticket_from_conversation(uuid, text, text) to authenticated;
grant execute on function public.update_ticket(uuid, text, text) to authenticated;
grant execute on function public.link_ticket(uuid, uuid, uuid) to authenticated;
grant execute on function public.assign_ticket(uuid, uuid) to authenticated;
grant execute on function public.set_ticket_status(uuid, text) to authenticated;
grant execute on function public.set_ticket_answerer(uuid, text) to authenticated;
grant execute on function public.add_ticket_message(uuid, text, text, text, text) to authenticated;
