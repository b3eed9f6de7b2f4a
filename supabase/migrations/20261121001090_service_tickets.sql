-- Purpose:  tickets of people outside: how their states follow each other, what was promised, the tickets themselves.
-- Risk:     none, new objects only.
-- Way back: drop the tables of this file; delete the permissions tickets.*, the job kinds service.* and the notification kinds ticket_*.
set local lock_timeout = '5s';

insert into public.role_permissions (role, permission)
select role, permission
from (values
  ('tickets.read', '{owner,admin,sales,support}'::text[]),
  ('tickets.write', '{owner,admin,support}'),
  ('tickets.manage', '{owner,admin}')
) as grants (permission, roles)
cross join unnest(roles) as role;

insert into app.job_kinds (kind, lane, max_attempts, provider, cost) values
  ('service.rate_message', 'bulk', 5, null, 1),
  ('service.rate_ticket_message', 'bulk', 5, null, 1),
  ('service.roll_up_ticket', 'bulk', 5, null, 1),
  ('service.check_clocks', 'interactive', 3, null, 1);

insert into app.notification_kinds (kind, is_optional, description) values
  ('ticket_assigned', true, 'A ticket was given to you.'),
  ('ticket_breached', true, 'A ticket of yours has missed what was promised.'),
  ('ticket_mood', true, 'A customer of yours is getting upset.'),
  ('ticket_customer_replied', true, 'A customer wrote in a ticket that people answer.');
update app.notification_kinds set emails_per_hour = 20
where kind in ('ticket_assigned', 'ticket_breached', 'ticket_mood', 'ticket_customer_replied');

------------------------------------------------------------------------------------------------
-- public.ticket_transitions
------------------------------------------------------------------------------------------------
create table public.ticket_transitions (
  from_status text not null,
  to_status text not null,
  within interval,
  primary key (from_status, to_status),
  check (from_status <> to_status)
);

comment on table public.ticket_transitions is
  'The state machine of tickets: new → open, pending (waits for the customer), on_hold (waits for others) → solved → closed. What has no row is refused.';
comment on column public.ticket_transitions.from_status is 'State before.';
comment on column public.ticket_transitions.to_status is 'State after.';
comment on column public.ticket_transitions.within is 'Only so long after the state before was entered; null: always.';

alter table public.ticket_transitions enable row level security;

create policy select_authenticated on public.ticket_transitions for select to authenticated using (true);
comment on policy select_authenticated on public.ticket_transitions is 'Everybody signed in: a client draws its buttons from it.';

revoke all on table public.ticket_transitions from public, anon, authenticated, service_role;
grant select on table public.ticket_transitions to authenticated, service_role;

insert into public.ticket_transitions (from_status, to_status, within) values
  ('new', 'open', null), ('new', 'pending', null), ('new', 'on_hold', null), ('new', 'solved', null),
  ('open', 'pending', null), ('open', 'on_hold', null), ('open', 'solved', null),
  ('pending', 'open', null), ('pending', 'on_hold', null), ('pending', 'solved', null),
  ('on_hold', 'open', null), ('on_hold', 'pending', null), ('on_hold', 'solved', null),
  ('solved', 'open', null), ('solved', 'closed', null),
  ('closed', 'open', '14 days');

------------------------------------------------------------------------------------------------
-- public.sla_policies
------------------------------------------------------------------------------------------------
create table public.sla_policies (
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  priority text not null check (priority in ('low', 'normal', 'high', 'urgent')),
  first_response_minutes int check (first_response_minutes between 1 and 525600),
  resolution_minutes int check (resolution_minutes between 1 and 525600),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (workspace_id, priority)
);

comment on table public.sla_policies is
  'What a workspace promises, by priority; no row promises nothing. It counts every hour of every day: there are no business hours.';
comment on column public.sla_policies.priority is 'Of the tickets it is for.';
comment on column public.sla_policies.first_response_minutes is 'From the opening to the first reply; null promises none.';
comment on column public.sla_policies.resolution_minutes is 'From the opening to solved, without the time the customer is waited for; null promises none.';

alter table public.sla_policies enable row level security;

create policy select_members on public.sla_policies
  for select to authenticated
  using (workspace_id = any (array(select app.workspaces_with('tickets.read'))));
create policy insert_managers on public.sla_policies
  for insert to authenticated
  with check (workspace_id = any (array(select app.workspaces_with('tickets.manage'))));
create policy update_managers on public.sla_policies
  for update to authenticated
  using (workspace_id = any (array(select app.workspaces_with('tickets.manage'))))
  with check (workspace_id = any (array(select app.workspaces_with('tickets.manage'))));
create policy delete_managers on public.sla_policies
  for delete to authenticated
  using (workspace_id = any (array(select app.workspaces_with('tickets.manage'))));

comment on policy select_members on public.sla_policies is 'Who sees tickets sees what was promised.';
comment on policy insert_managers on public.sla_policies is 'Those who answer for the team promise.';
comment on policy update_managers on public.sla_policies is 'And change it, for tickets opened or given another priority from then on.';
comment on policy delete_managers on public.sla_policies is 'And take it back.';

revoke all on table public.sla_policies from public, anon, authenticated, service_role;
grant select, delete, insert (workspace_id, priority, first_response_minutes, resolution_minutes),
  update (workspace_id, priority, first_response_minutes, resolution_minutes) on table public.sla_policies to authenticated;
grant select on table public.sla_policies to service_role;

create trigger touch_updated_at before update on public.sla_policies
  for each row execute function app.touch_updated_at();
comment on trigger touch_updated_at on public.sla_policies is 'Stamps updated_at.';

create function app.guard_sla_policy() returns trigger
language plpgsql volatile security invoker set search_path = '' as $$
begin
  if (new.priority in ('low', 'normal', 'high', 'urgent')) is not true then
    perform app.fail(400, 'ticket.bad_priority', 'There is no such priority.', 'Use low, normal, high or urgent.');
  elsif new.first_response_minutes not between 1 and 525600 or new.resolution_minutes not between 1 and 525600 then
    perform app.fail(400, 'sla.bad_minutes', 'What is promised comes within 1 to 525,600 minutes, or is not promised.');
  end if;
  return new;
end;
$$;

comment on function app.guard_sla_policy() is 'Trigger: what the form of a promise may get wrong.';

create trigger guard_sla_policy before insert or update on public.sla_policies
  for each row when (current_user = 'authenticated') execute function app.guard_sla_policy();
comment on trigger guard_sla_policy on public.sla_policies is 'Managers write promises directly.';

revoke execute on function app.guard_sla_policy() from public, anon, authenticated, service_role;

------------------------------------------------------------------------------------------------
-- app.ticket_counters
------------------------------------------------------------------------------------------------
create table app.ticket_counters (
  workspace_id uuid primary key references public.workspaces (id) on delete cascade,
  last_number int not null
);

comment on table app.ticket_counters is
  'The last ticket number of each workspace. Who takes the next one holds the row to the end of the transaction, so a rollback gives it back: no gap.';
comment on column app.ticket_counters.last_number is 'Of the newest ticket.';

alter table app.ticket_counters enable row level security;

revoke all on table app.ticket_counters from public, anon, authenticated, service_role;

------------------------------------------------------------------------------------------------
-- public.tickets
------------------------------------------------------------------------------------------------
create table public.tickets (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  number int not null,
  subject text not null check (length(subject) between 1 and 200),
  status text not null default 'new' check (status in ('new', 'open', 'pending', 'on_hold', 'solved', 'closed')),
  status_at timestamptz not null default now(),
  priority text not null default 'normal' check (priority in ('low', 'normal', 'high', 'urgent')),
  contact_id uuid references public.contacts (id) on delete cascade,
  conversation_id uuid references public.conversations (id) on delete set null,
  answered_by text not null default 'ai' check (answered_by in ('ai', 'people')),
  assignee_id uuid,
  created_by uuid,
  idempotency_key text check (length(idempotency_key) between 1 and 200),
  first_response_due_at timestamptz,
  first_responded_at timestamptz,
  first_response_breached_at timestamptz,
  resolution_due_at timestamptz,
  solved_at timestamptz,
  resolution_breached_at timestamptz,
  stopped_at timestamptz,
  stopped_for interval not null default '0',
  reopened int not null default 0,
  sentiment_score real check (sentiment_score between -1 and 1),
  sentiment_label text not null default 'unknown' check (sentiment_label in ('positive', 'neutral', 'negative', 'unknown')),
  sentiment_alert_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (workspace_id, number),
  foreign key (workspace_id, assignee_id) references public.workspace_members (workspace_id, user_id) on delete set null (assignee_id),
  check ((sentiment_score is null) = (sentiment_label = 'unknown'))
);

comment on table public.tickets is 'What people outside want solved. Changed by RPC only, so that state, clocks and history agree.';
comment on column public.tickets.number is 'Counts from 1 in each workspace, without a gap at the moment of opening; deleting a contact deletes theirs.';
comment on column public.tickets.subject is 'In a line, for members.';
comment on column public.tickets.status is 'See ticket_transitions.';
comment on column public.tickets.status_at is 'Since when it is in this state.';
comment on column public.tickets.priority is 'Decides what was promised; see sla_policies.';
comment on column public.tickets.contact_id is 'Whose it is; null when nobody is known.';
comment on column public.tickets.conversation_id is 'The contact''s conversation it came from; replies go out by its channel. Null: the ticket is answered elsewhere.';
comment on column public.tickets.answered_by is 'Who answers the contact on the channel: people from their first reply until it is closed, else the model.';
comment on column public.tickets.assignee_id is 'The member who deals with it; becomes null when they leave the workspace.';
comment on column public.tickets.created_by is 'The member who opened it.';
comment on column public.tickets.idempotency_key is 'Chosen by the client: the same key opens once.';
comment on column public.tickets.first_response_due_at is 'First reply promised by then; moves on by the time the clocks stood. Null: nothing was promised.';
comment on column public.tickets.first_responded_at is 'When the first public reply was written.';
comment on column public.tickets.first_response_breached_at is 'When it was noticed that the promise of a first reply was missed.';
comment on column public.tickets.resolution_due_at is 'Solution promised by then; moves on by the time the clocks stood. Null: nothing was promised.';
comment on column public.tickets.solved_at is 'When it was solved; null again when reopened.';
comment on column public.tickets.resolution_breached_at is 'When it was noticed that the promised solution was missed.';
comment on column public.tickets.stopped_at is 'Since when the clocks stand: while it is pending, solved or closed.';
comment on column public.tickets.stopped_for is 'How long they stood before that, in all.';
comment on column public.tickets.reopened is 'How often it was solved or closed and opened again.';
comment on column public.tickets.sentiment_score is 'Mood of the customer''s latest words, -1 to 1; null while nothing is known, which is not 0.';
comment on column public.tickets.sentiment_label is 'The same in a word.';
comment on column public.tickets.sentiment_alert_at is 'When the mood last dropped enough to tell somebody.';

create index tickets_workspace_idx on public.tickets (workspace_id, status, created_at desc, id);
create index tickets_assignee_idx on public.tickets (workspace_id, assignee_id);
create index tickets_contact_idx on public.tickets (contact_id) where contact_id is not null;
create index tickets_conversation_idx on public.tickets (conversation_id, created_at desc) where conversation_id is not null;
create unique index tickets_live_conversation_key on public.tickets (conversation_id) where status <> 'closed';
create unique index tickets_idempotency_key on public.tickets (workspace_id, created_by, idempotency_key)
  where idempotency_key is not null;
create index tickets_response_due_idx on public.tickets (first_response_due_at)
  where first_responded_at is null and first_response_breached_at is null and stopped_at is null;
create index tickets_resolution_due_idx on public.tickets (resolution_due_at)
  where resolution_breached_at is null and stopped_at is null;
create index tickets_solved_idx on public.tickets (status_at) where status = 'solved';

alter table public.tickets enable row level security;

create policy select_members on public.tickets
  for select to authenticated
  using (workspace_id = any (array(select app.workspaces_with('tickets.read'))));

comment on policy select_members on public.tickets is 'Support, those above it, and sales, who should know before they call.';

revoke all on table public.tickets from public, anon, authenticated, service_role;
grant select on table public.tickets to authenticated, service_role, lamina_worker;

create trigger touch_updated_at before update on public.tickets
  for each row execute function app.touch_updated_at();
comment on trigger touch_updated_at on public.tickets is 'Stamps updated_at.';
create trigger note_activity after insert on public.tickets
  for each row execute function app.note_activity_of('ticket');
comment on trigger note_activity on public.tickets is 'A new ticket is activity, for those who read tickets.';
