-- Purpose:  what members do with tickets: open, change, assign, move, write; replies on the conversation's channel.
-- Risk:     none, new functions only.
-- Way back: drop the functions of this file.
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- Parts
------------------------------------------------------------------------------------------------
create function app.check_ticket(p_ticket public.tickets) returns void
language plpgsql stable security invoker set search_path = '' as $$
begin
  if (length(p_ticket.subject) between 1 and 200 and p_ticket.subject ~ '\S') is not true then
    perform app.fail(400, 'ticket.bad_subject', 'A subject has 1 to 200 characters.');
  elsif (p_ticket.priority in ('low', 'normal', 'high', 'urgent')) is not true then
    perform app.fail(400, 'ticket.bad_priority', 'There is no such priority.', 'Use low, normal, high or urgent.');
  elsif p_ticket.contact_id is not null and not exists (
    select from public.contacts as c where c.id = p_ticket.contact_id and c.workspace_id = p_ticket.workspace_id
  ) then
    perform app.fail(400, 'ticket.bad_contact', 'The workspace has no such contact.');
  elsif p_ticket.assignee_id is not null and not exists (
    select from public.workspace_members as m
    join public.role_permissions as g on g.role = m.role and g.permission = 'tickets.write'
    where m.workspace_id = p_ticket.workspace_id and m.user_id = p_ticket.assignee_id
  ) then
    perform app.fail(400, 'ticket.bad_assignee', 'Only a member whose role answers tickets can be given one.');
  end if;
end;
$$;

comment on function app.check_ticket(public.tickets) is 'Fails with 400 on what a member may set wrongly. Internal.';

create function app.check_ticket_key(p_idempotency_key text) returns void
language plpgsql immutable set search_path = '' as $$
begin
  if length(p_idempotency_key) not between 1 and 200 then
    perform app.fail(400, 'ticket.bad_idempotency_key', 'An idempotency key has 1 to 200 characters.');
  end if;
end;
$$;

comment on function app.check_ticket_key(text) is 'A key that can be kept, or 400. Internal.';

create function app.open_ticket(p_ticket public.tickets) returns public.tickets
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_user_id uuid := app.user_id();
begin
  perform app.check_ticket(p_ticket);
  p_ticket.created_at := now();
  p_ticket.stopped_for := '0';
  p_ticket := app.promised(p_ticket);
  insert into public.tickets (
    workspace_id, number, subject, priority, contact_id, conversation_id, assignee_id, created_by, idempotency_key,
    first_response_due_at, resolution_due_at)
  values (
    p_ticket.workspace_id, app.next_ticket_number(p_ticket.workspace_id), p_ticket.subject, p_ticket.priority,
    p_ticket.contact_id, p_ticket.conversation_id, p_ticket.assignee_id, v_user_id, p_ticket.idempotency_key,
    p_ticket.first_response_due_at, p_ticket.resolution_due_at)
  returning * into p_ticket;
  perform app.note_ticket(p_ticket, 'opened', null, p_ticket.status, v_user_id);
  perform app.tell_assignee(p_ticket);
  return p_ticket;
end;
$$;

comment on function app.open_ticket(public.tickets) is 'A new ticket with its number, promises and history, from what was asked for. Internal.';

create function app.tell_assignee(p_ticket public.tickets) returns void
language plpgsql volatile security definer set search_path = '' as $$
begin
  if p_ticket.assignee_id is not null and p_ticket.assignee_id is distinct from app.user_id() then
    perform app.tell_ticket(p_ticket, 'ticket_assigned', 'assigned:' || extract(epoch from date_trunc('hour', now())),
      jsonb_build_object('by', (select p.display_name from public.profiles as p where p.user_id = app.user_id())));
  end if;
end;
$$;

comment on function app.tell_assignee(public.tickets) is 'Whoever is given a ticket by somebody else hears of it, once an hour. Internal.';

------------------------------------------------------------------------------------------------
-- Open
------------------------------------------------------------------------------------------------
create function app.create_ticket(
  p_workspace_id uuid, p_subject text, p_body text, p_contact_id uuid, p_priority text, p_assignee_id uuid, p_idempotency_key text
) returns public.tickets
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_ticket public.tickets;
begin
  perform app.require_permission(p_workspace_id, 'tickets.write');
  perform app.check_ticket_key(p_idempotency_key);
  if p_idempotency_key is not null then
    perform app.lock_ordering_key(format('create-ticket:%s:%s', app.user_id(), p_idempotency_key));
    select * into v_ticket from public.tickets as t
    where t.workspace_id = p_workspace_id and t.created_by = app.user_id() and t.idempotency_key = p_idempotency_key;
    if found then
      if v_ticket.contact_id is distinct from p_contact_id then
        perform app.fail(409, 'ticket.idempotency_conflict', 'This idempotency key was used for another ticket.');
      end if;
      return v_ticket;
    end if;
  end if;
  v_ticket.workspace_id := p_workspace_id;
  v_ticket.subject := btrim(p_subject);
  v_ticket.priority := p_priority;
  v_ticket.contact_id := p_contact_id;
  v_ticket.assignee_id := p_assignee_id;
  v_ticket.idempotency_key := p_idempotency_key;
  v_ticket := app.open_ticket(v_ticket);
  if p_body is not null then
    perform app.insert_ticket_message(v_ticket, 'customer', p_body, null, null);
  end if;
  return v_ticket;
end;
$$;

comment on function app.create_ticket(uuid, text, text, uuid, text, uuid, text) is 'Behind public.create_ticket.';

create function app.open_ticket_from_conversation(p_conversation_id uuid, p_subject text, p_priority text) returns public.tickets
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_conversation public.conversations;
  v_ticket public.tickets;
begin
  perform app.require_user();
  select * into v_conversation from public.conversations as c
  where c.id = p_conversation_id and c.contact_id is not null
    and c.workspace_id = any (array(select app.workspaces_with('conversations.read_all')))
  for no key update;
  if not found then
    perform app.fail(404, 'conversation.not_found', 'There is no such conversation with a contact.');
  end if;
  perform app.require_permission(v_conversation.workspace_id, 'tickets.write');
  select * into v_ticket from public.tickets as t where t.conversation_id = p_conversation_id and t.status <> 'closed';
  if found then
    return v_ticket;
  end if;
  v_ticket.workspace_id := v_conversation.workspace_id;
  v_ticket.conversation_id := p_conversation_id;
  v_ticket.contact_id := v_conversation.contact_id;
  v_ticket.priority := p_priority;
  v_ticket.subject := coalesce(btrim(p_subject), (
    select nullif(btrim(left(regexp_replace(m.content, '\s+', ' ', 'g'), 200)), '') from public.messages as m
    where m.conversation_id = p_conversation_id and m.role = 'user'
    order by m.seq desc limit 1), 'Conversation');
  v_ticket := app.open_ticket(v_ticket);
  perform app.enqueue('service.roll_up_ticket', v_ticket.workspace_id, v_ticket.id);
  return v_ticket;
end;
$$;

comment on function app.open_ticket_from_conversation(uuid, text, text) is 'Behind public.open_ticket_from_conversation.';

------------------------------------------------------------------------------------------------
-- Change
------------------------------------------------------------------------------------------------
create function app.update_ticket(p_ticket_id uuid, p_subject text, p_priority text) returns public.tickets
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_before public.tickets := app.lock_ticket(p_ticket_id);
  v_ticket public.tickets := v_before;
begin
  v_ticket.subject := coalesce(btrim(p_subject), v_before.subject);
  v_ticket.priority := coalesce(p_priority, v_before.priority);
  v_ticket.assignee_id := null;
  perform app.check_ticket(v_ticket);
  if v_ticket.priority <> v_before.priority then
    v_ticket := app.promised(v_ticket);
    perform app.note_ticket(v_before, 'priority', v_before.priority, v_ticket.priority, app.user_id());
  end if;
  if v_ticket.subject <> v_before.subject then
    perform app.note_ticket(v_before, 'subject', v_before.subject, v_ticket.subject, app.user_id());
  end if;
  update public.tickets as t
  set subject = v_ticket.subject, priority = v_ticket.priority, first_response_due_at = v_ticket.first_response_due_at,
    resolution_due_at = v_ticket.resolution_due_at
  where t.id = p_ticket_id
  returning * into v_ticket;
  return app.note_breaches(v_ticket);
end;
$$;

comment on function app.update_ticket(uuid, text, text) is 'Behind public.update_ticket.';

create function app.link_ticket(p_ticket_id uuid, p_contact_id uuid, p_conversation_id uuid) returns public.tickets
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_conversation public.conversations;
  v_before public.tickets;
  v_ticket public.tickets;
begin
  perform app.require_user();
  -- The conversation first, then its ticket: as the customer who writes locks them.
  if p_conversation_id is not null then
    select * into v_conversation from public.conversations as c
    where c.id = p_conversation_id and c.contact_id is not null
      and c.workspace_id = any (array(select app.workspaces_with('conversations.read_all')))
    for no key update;
  end if;
  v_before := app.lock_ticket(p_ticket_id);
  v_ticket := v_before;
  v_ticket.contact_id := coalesce(p_contact_id, v_conversation.contact_id);
  v_ticket.conversation_id := coalesce(v_conversation.id, v_before.conversation_id);
  v_ticket.assignee_id := null;
  if p_conversation_id is not null and v_conversation.workspace_id is distinct from v_before.workspace_id then
    perform app.fail(404, 'conversation.not_found', 'There is no such conversation with a contact.');
  elsif v_ticket.contact_id is null or v_ticket.contact_id <> v_conversation.contact_id then
    perform app.fail(400, 'ticket.bad_link', 'Name a contact, or a conversation of theirs.');
  elsif v_before.conversation_id <> v_ticket.conversation_id
    or v_before.conversation_id is not null and v_before.contact_id <> v_ticket.contact_id then
    perform app.fail(409, 'ticket.linked', 'The ticket is answered in another conversation already.', 'Open a ticket for this one.');
  elsif v_before.status <> 'closed' and exists (
    select from public.tickets as t where t.conversation_id = p_conversation_id and t.status <> 'closed' and t.id <> p_ticket_id
  ) then
    perform app.fail(409, 'ticket.conversation_taken', 'The conversation has another ticket that is not closed.');
  end if;
  perform app.check_ticket(v_ticket);
  if v_ticket.contact_id is distinct from v_before.contact_id then
    perform app.note_ticket(v_before, 'contact', v_before.contact_id::text, v_ticket.contact_id::text, app.user_id());
  end if;
  if v_ticket.conversation_id is distinct from v_before.conversation_id then
    perform app.note_ticket(v_before, 'conversation', null, v_ticket.conversation_id::text, app.user_id());
    perform app.enqueue('service.roll_up_ticket', v_before.workspace_id, p_ticket_id);
  end if;
  update public.tickets as t set contact_id = v_ticket.contact_id, conversation_id = v_ticket.conversation_id
  where t.id = p_ticket_id
  returning * into v_ticket;
  return v_ticket;
end;
$$;

comment on function app.link_ticket(uuid, uuid, uuid) is 'Behind public.link_ticket.';

create function app.assign_ticket(p_ticket_id uuid, p_assignee_id uuid) returns public.tickets
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_before public.tickets := app.lock_ticket(p_ticket_id);
  v_ticket public.tickets := v_before;
begin
  if p_assignee_id is not distinct from v_before.assignee_id then
    return v_before;
  end if;
  v_ticket.assignee_id := p_assignee_id;
  perform app.check_ticket(v_ticket);
  update public.tickets as t set assignee_id = p_assignee_id where t.id = p_ticket_id returning * into v_ticket;
  perform app.note_ticket(v_ticket, 'assignee', v_before.assignee_id::text, p_assignee_id::text, app.user_id());
  perform app.tell_assignee(v_ticket);
  return v_ticket;
end;
$$;

comment on function app.assign_ticket(uuid, uuid) is 'Behind public.assign_ticket.';

create function app.set_ticket_status(p_ticket_id uuid, p_status text) returns public.tickets
language plpgsql volatile security definer set search_path = '' as $$
begin
  return app.move_ticket(app.lock_ticket(p_ticket_id), p_status, app.user_id());
end;
$$;

comment on function app.set_ticket_status(uuid, text) is 'Behind public.set_ticket_status.';

revoke execute on function app.check_ticket(public.tickets) from public, anon, authenticated, service_role;
revoke execute on function app.check_ticket_key(text) from public, anon, authenticated, service_role;
revoke execute on function app.open_ticket(public.tickets) from public, anon, authenticated, service_role;
revoke execute on function app.tell_assignee(public.tickets) from public, anon, authenticated, service_role;
revoke execute on function app.create_ticket(uuid, text, text, uuid, text, uuid, text) from public, anon, authenticated, service_role;
revoke execute on function app.open_ticket_from_conversation(uuid, text, text) from public, anon, authenticated, service_role;
revoke execute on function app.update_ticket(uuid, text, text) from public, anon, authenticated, service_role;
revoke execute on function app.link_ticket(uuid, uuid, uuid) from public, anon, authenticated, service_role;
revoke execute on function app.assign_ticket(uuid, uuid) from public, anon, authenticated, service_role;
revoke execute on function app.set_ticket_status(uuid, text) from public, anon, authenticated, service_role;
grant execute on function app.create_ticket(uuid, text, text, uuid, text, uuid, text) to authenticated;
grant execute on function app.open_ticket_from_conversation(uuid, text, text) to authenticated;
grant execute on function app.update_ticket(uuid, text, text) to authenticated;
grant execute on function app.link_ticket(uuid, uuid, uuid) to authenticated;
grant execute on function app.assign_ticket(uuid, uuid) to authenticated;
grant execute on function app.set_ticket_status(uuid, text) to authenticated;
