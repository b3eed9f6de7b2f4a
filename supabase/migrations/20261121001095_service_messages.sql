-- Purpose:  what is said and what happens in a ticket; how people outside sound.
-- Risk:     a partial index on public.messages, built while messages of contacts wait.
-- Way back: drop the tables of this file and the index messages_contact_time_idx.
set local lock_timeout = '5s';

create index messages_contact_time_idx on public.messages (conversation_id, created_at desc, id desc) where contact_id is not null;

------------------------------------------------------------------------------------------------
-- public.ticket_messages
------------------------------------------------------------------------------------------------
create table public.ticket_messages (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  ticket_id uuid not null references public.tickets (id) on delete cascade,
  kind text not null check (kind in ('reply', 'note', 'customer')),
  body text not null check (length(body) between 1 and 8000 and body ~ '\S'),
  author_id uuid not null,
  message_id uuid unique references public.messages (id) on delete set null,
  idempotency_key text check (length(idempotency_key) between 1 and 200),
  created_at timestamptz not null default clock_timestamp()
);

comment on table public.ticket_messages is 'What members write into a ticket. What the customer writes on a channel is in public.messages; ticket_timeline shows both.';
comment on column public.ticket_messages.kind is 'reply: to the customer; note: for members only; customer: what the customer said elsewhere, written down by a member.';
comment on column public.ticket_messages.body is 'The words.';
comment on column public.ticket_messages.author_id is 'The member who wrote it.';
comment on column public.ticket_messages.message_id is 'The message that carries a reply out on the conversation''s channel; null: nothing was sent by us.';
comment on column public.ticket_messages.idempotency_key is 'Chosen by the client: the same key writes, and sends, once.';

create index ticket_messages_ticket_idx on public.ticket_messages (ticket_id, created_at desc, id desc);
create index ticket_messages_workspace_idx on public.ticket_messages (workspace_id);
create unique index ticket_messages_idempotency_key on public.ticket_messages (ticket_id, author_id, idempotency_key)
  where idempotency_key is not null;

alter table public.ticket_messages enable row level security;

create policy select_members on public.ticket_messages
  for select to authenticated
  using (workspace_id = any (array(select app.workspaces_with('tickets.read'))));

comment on policy select_members on public.ticket_messages is 'As their tickets; notes are internal, and so is everyone who reads tickets.';

revoke all on table public.ticket_messages from public, anon, authenticated, service_role;
grant select on table public.ticket_messages to authenticated, service_role, lamina_worker;

------------------------------------------------------------------------------------------------
-- public.ticket_events
------------------------------------------------------------------------------------------------
create table public.ticket_events (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  ticket_id uuid not null references public.tickets (id) on delete cascade,
  kind text not null check (kind in (
    'opened', 'status', 'priority', 'subject', 'assignee', 'answered_by', 'contact', 'conversation', 'breached', 'mood')),
  actor_id uuid,
  from_value text,
  to_value text,
  created_at timestamptz not null default clock_timestamp()
);

comment on table public.ticket_events is 'What happened to a ticket, in order; written with the change itself.';
comment on column public.ticket_events.kind is 'breached: to_value says first_response or resolution; mood: from and to are scores; others say what changed.';
comment on column public.ticket_events.actor_id is 'The member who did it; null for the customer or the clock.';
comment on column public.ticket_events.from_value is 'Before.';
comment on column public.ticket_events.to_value is 'After.';

create index ticket_events_ticket_idx on public.ticket_events (ticket_id, created_at desc, id desc);
create index ticket_events_workspace_idx on public.ticket_events (workspace_id);

alter table public.ticket_events enable row level security;

create policy select_members on public.ticket_events
  for select to authenticated
  using (workspace_id = any (array(select app.workspaces_with('tickets.read'))));

comment on policy select_members on public.ticket_events is 'As their tickets.';

revoke all on table public.ticket_events from public, anon, authenticated, service_role;
grant select on table public.ticket_events to authenticated, service_role;

------------------------------------------------------------------------------------------------
-- public.sentiments
------------------------------------------------------------------------------------------------
create table public.sentiments (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  message_id uuid unique references public.messages (id) on delete cascade,
  ticket_message_id uuid unique references public.ticket_messages (id) on delete cascade,
  score real check (score between -1 and 1),
  label text not null check (label in ('positive', 'neutral', 'negative', 'unknown')),
  confidence real check (confidence between 0 and 1),
  language text check (language ~ '^[a-z]{2,3}$'),
  provider text not null,
  model text not null,
  said_at timestamptz not null,
  created_at timestamptz not null default now(),
  check (num_nonnulls(message_id, ticket_message_id) = 1),
  check ((score is null) = (label = 'unknown') and (confidence is null) = (label = 'unknown'))
);

comment on table public.sentiments is 'How words of people outside sound; one row per message, written by the worker.';
comment on column public.sentiments.message_id is 'The message on a channel.';
comment on column public.sentiments.ticket_message_id is 'Or what a member wrote down.';
comment on column public.sentiments.score is '-1 (upset) to 1 (pleased); null when it cannot be told, which is not 0.';
comment on column public.sentiments.label is 'The same in a word; unknown: a language that the provider does not read, or no words.';
comment on column public.sentiments.confidence is '0 to 1, as the provider sees it; a lexicon says how much the words agree.';
comment on column public.sentiments.language is 'Language it was read in; null when unknown.';
comment on column public.sentiments.provider is 'Who judged: lexicon for the built-in word list.';
comment on column public.sentiments.model is 'With which model, as provider:model.';
comment on column public.sentiments.said_at is 'When the words were said.';

create index sentiments_workspace_idx on public.sentiments (workspace_id, said_at desc);

alter table public.sentiments enable row level security;

create policy select_members on public.sentiments
  for select to authenticated
  using (workspace_id = any (array(select app.workspaces_with('tickets.read'))));

comment on policy select_members on public.sentiments is 'As tickets: figures without words.';

revoke all on table public.sentiments from public, anon, authenticated, service_role;
grant select on table public.sentiments to authenticated, service_role;
