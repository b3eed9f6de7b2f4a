-- Purpose:  the inside of tickets: number, promises, clocks, moves between states, who is told.
-- Risk:     none, new functions only.
-- Way back: drop the functions of this file (cascade drops the triggers).
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- Parts
------------------------------------------------------------------------------------------------
create function app.next_ticket_number(p_workspace_id uuid) returns int
language sql volatile security definer set search_path = ''
begin atomic
  insert into app.ticket_counters as c (workspace_id, last_number) values (p_workspace_id, 1)
  on conflict (workspace_id) do update set last_number = c.last_number + 1
  returning c.last_number;
end;

comment on function app.next_ticket_number(uuid) is
  'The next number of a workspace; others wait for the end of this transaction, and get it when this one is undone. Internal.';

create function app.note_ticket(p_ticket public.tickets, p_kind text, p_from text, p_to text, p_actor_id uuid) returns void
language sql volatile security definer set search_path = ''
begin atomic
  insert into public.ticket_events (workspace_id, ticket_id, kind, from_value, to_value, actor_id)
  values ((p_ticket).workspace_id, (p_ticket).id, p_kind, p_from, p_to, p_actor_id);
end;

comment on function app.note_ticket(public.tickets, text, text, text, uuid) is 'An entry in the ticket''s history. Internal.';

create function app.tell_ticket(p_ticket public.tickets, p_kind text, p_key text, p_data jsonb default '{}') returns void
language sql volatile security definer set search_path = ''
begin atomic
  select app.notify(
    p_kind, m.user_id, m.workspace_id, null, pg_catalog.format('ticket:%s:%s:%s', (p_ticket).id, p_key, m.user_id),
    pg_catalog.jsonb_build_object('number', (p_ticket).number, 'subject', (p_ticket).subject, 'ticket_id', (p_ticket).id) || p_data)
  from public.workspace_members as m
  join public.role_permissions as g on g.role = m.role and g.permission = 'tickets.write'
  where m.workspace_id = (p_ticket).workspace_id and m.user_id = coalesce((p_ticket).assignee_id, m.user_id);
end;

comment on function app.tell_ticket(public.tickets, text, text, jsonb) is
  'Tells the assignee, or everyone who answers tickets when it is nobody''s. The key says what it is about: told once. Internal.';

create function app.promised(p_ticket public.tickets) returns public.tickets
language plpgsql stable security invoker set search_path = '' as $$
declare
  v_policy public.sla_policies;
  v_from timestamptz := p_ticket.created_at + p_ticket.stopped_for;
begin
  select * into v_policy from public.sla_policies as p
  where p.workspace_id = p_ticket.workspace_id and p.priority = p_ticket.priority;
  if p_ticket.first_responded_at is null and p_ticket.first_response_breached_at is null then
    p_ticket.first_response_due_at := v_from + make_interval(mins => v_policy.first_response_minutes);
  end if;
  if p_ticket.resolution_breached_at is null then
    p_ticket.resolution_due_at := v_from + make_interval(mins => v_policy.resolution_minutes);
  end if;
  return p_ticket;
end;
$$;

comment on function app.promised(public.tickets) is
  'The ticket with what is promised for its priority now; what was kept or missed already stays. Internal.';

------------------------------------------------------------------------------------------------
-- Clocks
------------------------------------------------------------------------------------------------
create function app.note_breaches(p_ticket public.tickets) returns public.tickets
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_runs boolean := p_ticket.stopped_at is null;
  v_response boolean := v_runs and p_ticket.first_responded_at is null and p_ticket.first_response_breached_at is null
    and p_ticket.first_response_due_at < now();
  v_resolution boolean := v_runs and p_ticket.resolution_breached_at is null and p_ticket.resolution_due_at < now();
begin
  if v_response is not true and v_resolution is not true then
    return p_ticket;
  end if;
  update public.tickets as t
  set first_response_breached_at = case when v_response then now() else t.first_response_breached_at end,
    resolution_breached_at = case when v_resolution then now() else t.resolution_breached_at end
  where t.id = p_ticket.id
  returning * into p_ticket;
  if v_response then
    perform app.note_ticket(p_ticket, 'breached', null, 'first_response', null);
    perform app.tell_ticket(p_ticket, 'ticket_breached', 'first_response', '{"promise": "first_response"}');
  end if;
  if v_resolution then
    perform app.note_ticket(p_ticket, 'breached', null, 'resolution', null);
    perform app.tell_ticket(p_ticket, 'ticket_breached', 'resolution', '{"promise": "resolution"}');
  end if;
  return p_ticket;
end;
$$;

comment on function app.note_breaches(public.tickets) is
  'Notes promises whose time has passed, each once. Asked by the schedule, and before anything else by whatever changes a ticket. The caller holds its lock. Internal.';

create function app.check_ticket_clocks(p_solved_for interval, p_limit int) returns int
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_ticket public.tickets;
  v_count int := 0;
begin
  for v_ticket in
    select t.* from public.tickets as t
    where t.stopped_at is null and (
      t.first_responded_at is null and t.first_response_breached_at is null and t.first_response_due_at < now()
      or t.resolution_breached_at is null and t.resolution_due_at < now())
    limit p_limit for no key update skip locked
  loop
    perform app.note_breaches(v_ticket);
    v_count := v_count + 1;
  end loop;
  for v_ticket in
    select t.* from public.tickets as t
    where t.status = 'solved' and t.status_at < now() - p_solved_for
    order by t.status_at limit p_limit for no key update skip locked
  loop
    perform app.move_ticket(v_ticket, 'closed', null);
    v_count := v_count + 1;
  end loop;
  return v_count;
end;
$$;

comment on function app.check_ticket_clocks(interval, int) is
  'Notes missed promises and closes what has been solved for so long, at most so many of each; how many there were.';

------------------------------------------------------------------------------------------------
-- States
------------------------------------------------------------------------------------------------
create function app.check_ticket_move(p_ticket public.tickets, p_to text) returns void
language plpgsql stable security invoker set search_path = '' as $$
declare
  v_rule public.ticket_transitions;
begin
  if (p_to in ('new', 'open', 'pending', 'on_hold', 'solved', 'closed')) is not true then
    perform app.fail(400, 'ticket.bad_status', 'There is no such state of a ticket.', 'The table ticket_transitions lists them.');
  end if;
  select * into v_rule from public.ticket_transitions as r where r.from_status = p_ticket.status and r.to_status = p_to;
  if not found then
    perform app.fail(409, 'ticket.bad_transition', format('A ticket that is %s does not become %s.', p_ticket.status, p_to),
      'The table ticket_transitions lists what may follow.');
  elsif now() > p_ticket.status_at + v_rule.within then
    perform app.fail(409, 'ticket.too_late', 'It was closed too long ago to be opened again.', 'Open a new ticket.');
  elsif p_ticket.status = 'closed' and exists (
    select from public.tickets as t where t.conversation_id = p_ticket.conversation_id and t.status <> 'closed'
  ) then
    perform app.fail(409, 'ticket.conversation_taken', 'The conversation has another ticket that is not closed.');
  end if;
end;
$$;

comment on function app.check_ticket_move(public.tickets, text) is 'Fails unless the state machine allows it. Internal.';

create function app.move_ticket(p_ticket public.tickets, p_to text, p_actor_id uuid) returns public.tickets
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_from text := p_ticket.status;
  v_stands boolean := p_to in ('pending', 'solved', 'closed');
  v_stood interval := case when v_stands or p_ticket.stopped_at is null then '0' else now() - p_ticket.stopped_at end;
begin
  if p_to = v_from then
    return p_ticket;
  end if;
  perform app.check_ticket_move(p_ticket, p_to);
  update public.tickets as t
  set status = p_to, status_at = now(),
    stopped_at = case when v_stands then coalesce(t.stopped_at, now()) end,
    stopped_for = t.stopped_for + v_stood,
    first_response_due_at = case when t.first_responded_at is null and t.first_response_breached_at is null
      then t.first_response_due_at + v_stood else t.first_response_due_at end,
    resolution_due_at = case when t.resolution_breached_at is null then t.resolution_due_at + v_stood else t.resolution_due_at end,
    solved_at = case p_to when 'solved' then now() when 'closed' then t.solved_at end,
    answered_by = case p_to when 'closed' then 'ai' else t.answered_by end,
    reopened = t.reopened + case when v_from in ('solved', 'closed') and p_to = 'open' then 1 else 0 end
  where t.id = p_ticket.id
  returning * into p_ticket;
  perform app.note_ticket(p_ticket, 'status', v_from, p_to, p_actor_id);
  if p_to = 'solved' then
    perform app.note_activity(p_ticket.workspace_id, p_actor_id, 'solved', 'ticket', p_ticket.id,
      jsonb_build_object('title', p_ticket.subject));
  end if;
  return p_ticket;
end;
$$;

comment on function app.move_ticket(public.tickets, text, uuid) is
  'Into another state, with the clocks: they stand while it is pending, solved or closed, and what is promised moves on by that time. Closed, the conversation is the model''s again. The same state changes nothing. The caller holds the ticket''s lock. Internal.';

create function app.lock_ticket(p_ticket_id uuid) returns public.tickets
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_ticket public.tickets;
begin
  perform app.require_user();
  select * into v_ticket from public.tickets as t
  where t.id = p_ticket_id and t.workspace_id = any (array(select app.workspaces_with('tickets.read')))
  for no key update;
  if not found then
    perform app.fail(404, 'ticket.not_found', 'There is no such ticket.');
  end if;
  perform app.require_permission(v_ticket.workspace_id, 'tickets.write');
  return app.note_breaches(v_ticket);
end;
$$;

comment on function app.lock_ticket(uuid) is 'The ticket, locked, if the caller may change it; a promise that is missed by now is noted first. Internal.';

------------------------------------------------------------------------------------------------
-- The customer writes on the channel
------------------------------------------------------------------------------------------------
create function app.hear_contact() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_ticket public.tickets;
begin
  select * into v_ticket from public.tickets as t
  where t.conversation_id = new.conversation_id and t.status <> 'closed'
  for no key update;
  if found and (v_ticket.answered_by = 'people' or v_ticket.status in ('pending', 'solved')) then
    if v_ticket.status in ('pending', 'solved') then
      v_ticket := app.move_ticket(v_ticket, 'open', null);
    end if;
    perform app.tell_ticket(v_ticket, 'ticket_customer_replied',
      'replied:' || to_char(now() at time zone 'UTC', 'YYYY-MM-DD HH24'));
  end if;
  perform app.enqueue('service.rate_message', new.workspace_id, new.id);
  return null;
end;
$$;

comment on function app.hear_contact() is
  'Trigger: a ticket that waited for the customer, or was solved, is open again; then, and wherever people answer, they are told, once an hour for a ticket; the words are rated. A closed one stays closed.';

create trigger hear_contact after insert on public.messages
  for each row when (new.contact_id is not null and new.role = 'user')
  execute function app.hear_contact();
comment on trigger hear_contact on public.messages is 'No customer waits unheard in a ticket that is out of sight.';

create function app.broadcast_ticket() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform realtime.send(
    jsonb_build_object('ticket_id', new.ticket_id, 'id', new.id, 'source', tg_argv[0], 'kind', new.kind),
    'ticket', 'workspace:' || new.workspace_id, true);
  return null;
end;
$$;

comment on function app.broadcast_ticket() is 'A hint to members, without words: read the rows. Its argument says from which table.';

create trigger broadcast_insert after insert on public.ticket_events
  for each row execute function app.broadcast_ticket('event');
comment on trigger broadcast_insert on public.ticket_events is 'Every change of a ticket is watched.';
create trigger broadcast_insert after insert on public.ticket_messages
  for each row execute function app.broadcast_ticket('message');
comment on trigger broadcast_insert on public.ticket_messages is 'And all that is written into it.';

revoke execute on function app.next_ticket_number(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.note_ticket(public.tickets, text, text, text, uuid) from public, anon, authenticated, service_role;
revoke execute on function app.tell_ticket(public.tickets, text, text, jsonb) from public, anon, authenticated, service_role;
revoke execute on function app.promised(public.tickets) from public, anon, authenticated, service_role;
revoke execute on function app.note_breaches(public.tickets) from public, anon, authenticated, service_role;
revoke execute on function app.check_ticket_clocks(interval, int) from public, anon, authenticated, service_role;
revoke execute on function app.check_ticket_move(public.tickets, text) from public, anon, authenticated, service_role;
revoke execute on function app.move_ticket(public.tickets, text, uuid) from public, anon, authenticated, service_role;
revoke execute on function app.lock_ticket(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.hear_contact() from public, anon, authenticated, service_role;
revoke execute on function app.broadcast_ticket() from public, anon, authenticated, service_role;
grant execute on function app.check_ticket_clocks(interval, int) to lamina_worker;
