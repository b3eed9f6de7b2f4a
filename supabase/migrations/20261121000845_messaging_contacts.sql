-- Purpose:  people outside: contacts, who they are on each channel, their conversations; what came in; what goes out.
-- Risk:     conversations and messages may belong to a contact instead of a user.
-- Way back: delete the rows of contacts, drop the columns contact_id, channel_id and documents.for_contacts, make created_by not null, drop the tables.
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- public.contacts
------------------------------------------------------------------------------------------------
create table public.contacts (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  name text check (length(name) between 1 and 200),
  email text check (length(email) between 3 and 254),
  phone text check (length(phone) between 3 and 40),
  language text check (language ~ '^[a-z]{2,3}$'),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

comment on table public.contacts is 'People outside a workspace whom it knows: the one such table of the product.';
comment on column public.contacts.name is 'As they or a member wrote it.';
comment on column public.contacts.email is 'Not verified, not unique: several people may share one.';
comment on column public.contacts.phone is 'As it came, with country code where known.';
comment on column public.contacts.language is 'ISO 639 code of the language to write in.';

create index contacts_workspace_idx on public.contacts (workspace_id, created_at desc, id);

alter table public.contacts enable row level security;

create policy select_members on public.contacts
  for select to authenticated
  using (workspace_id = any (array(select app.workspaces_with('contacts.read'))));
create policy insert_members on public.contacts
  for insert to authenticated
  with check (workspace_id = any (array(select app.workspaces_with('contacts.write'))));
create policy update_members on public.contacts
  for update to authenticated
  using (workspace_id = any (array(select app.workspaces_with('contacts.write'))))
  with check (workspace_id = any (array(select app.workspaces_with('contacts.write'))));
create policy delete_members on public.contacts
  for delete to authenticated
  using (workspace_id = any (array(select app.workspaces_with('contacts.write'))));

comment on policy select_members on public.contacts is 'Personal data: for those who deal with people outside.';
comment on policy insert_members on public.contacts is 'A person met elsewhere than on a channel.';
comment on policy update_members on public.contacts is 'Name, e-mail, phone and language are granted.';
comment on policy delete_members on public.contacts is 'A person who asks to be forgotten goes with conversations and all.';

revoke all on table public.contacts from public, anon, authenticated, service_role;
grant select, delete, insert (id, workspace_id, name, email, phone, language), update (name, email, phone, language)
  on table public.contacts to authenticated;
grant select on table public.contacts to service_role, lamina_worker;

create trigger touch_updated_at before update on public.contacts
  for each row execute function app.touch_updated_at();
comment on trigger touch_updated_at on public.contacts is 'Stamps updated_at.';

------------------------------------------------------------------------------------------------
-- public.contact_identities
------------------------------------------------------------------------------------------------
create table public.contact_identities (
  channel_id uuid not null references public.channels (id) on delete cascade,
  subscriber_id text not null check (subscriber_id ~ '^[0-9]{1,20}$'),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  contact_id uuid not null references public.contacts (id) on delete cascade,
  last_inbound_at timestamptz not null default now(),
  created_at timestamptz not null default now(),
  primary key (channel_id, subscriber_id)
);

comment on table public.contact_identities is 'Who a contact is on a channel.';
comment on column public.contact_identities.subscriber_id is 'The vendor''s number for the person.';
comment on column public.contact_identities.last_inbound_at is 'When the person last wrote: WhatsApp lets us answer for 24 hours.';

create index contact_identities_workspace_idx on public.contact_identities (workspace_id);
create index contact_identities_contact_idx on public.contact_identities (contact_id);

alter table public.contact_identities enable row level security;

create policy select_members on public.contact_identities
  for select to authenticated
  using (workspace_id = any (array(select app.workspaces_with('contacts.read'))));

comment on policy select_members on public.contact_identities is 'As their contacts.';

revoke all on table public.contact_identities from public, anon, authenticated, service_role;
grant select on table public.contact_identities to authenticated, service_role, lamina_worker;

------------------------------------------------------------------------------------------------
-- Conversations of contacts
------------------------------------------------------------------------------------------------
alter table public.conversations
  alter column created_by drop not null,
  add column contact_id uuid references public.contacts (id) on delete cascade,
  add column channel_id uuid references public.channels (id) on delete set null,
  add constraint conversations_owner_check check (created_by is not null or contact_id is not null);
alter table public.messages
  alter column created_by drop not null,
  add column contact_id uuid references public.contacts (id) on delete cascade,
  add constraint messages_owner_check check (created_by is not null or contact_id is not null);

create index conversations_contact_idx on public.conversations (contact_id) where contact_id is not null;
create unique index conversations_channel_contact_key on public.conversations (channel_id, contact_id) where channel_id is not null;
create index messages_contact_idx on public.messages (contact_id) where contact_id is not null;

comment on column public.conversations.created_by is 'The member who began it; null for a contact''s, which needs conversations.read_all.';
comment on column public.conversations.contact_id is 'The person outside whose conversation it is.';
comment on column public.conversations.channel_id is 'Where that person writes; null once the channel is deleted.';
comment on column public.messages.created_by is 'Who asked; the answer carries the same, so one policy serves both. Null in a contact''s conversation.';
comment on column public.messages.contact_id is 'The person outside who asked, or is answered.';

------------------------------------------------------------------------------------------------
-- What contacts are answered from
------------------------------------------------------------------------------------------------
alter table public.documents add column for_contacts boolean not null default true;
comment on column public.documents.for_contacts is 'Whether people outside are answered from it. False: for members only.';
create index documents_for_members_idx on public.documents (workspace_id) where not for_contacts;
grant update (for_contacts) on table public.documents to authenticated;

------------------------------------------------------------------------------------------------
-- app.inbound_messages
------------------------------------------------------------------------------------------------
create table app.inbound_messages (
  channel_id uuid not null references public.channels (id) on delete cascade,
  dedupe_key text not null,
  received_at timestamptz not null default now(),
  primary key (channel_id, dedupe_key)
);

comment on table app.inbound_messages is 'What came in already: a message that a vendor sends twice is taken once.';
comment on column app.inbound_messages.dedupe_key is 'The vendor''s id of the message, or what stands for one.';

create index inbound_messages_received_idx on app.inbound_messages (received_at);

alter table app.inbound_messages enable row level security;

revoke all on table app.inbound_messages from public, anon, authenticated, service_role;

------------------------------------------------------------------------------------------------
-- public.message_deliveries
------------------------------------------------------------------------------------------------
create table public.message_deliveries (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  channel_id uuid not null references public.channels (id) on delete cascade,
  contact_id uuid not null references public.contacts (id) on delete cascade,
  message_id uuid not null references public.messages (id) on delete cascade,
  kind text not null default 'answer' check (kind in ('answer', 'unavailable')),
  status text not null default 'queued' check (status in ('queued', 'sending', 'sent', 'failed', 'cancelled', 'unknown')),
  requests_sent int not null default 0,
  is_offline boolean not null default false,
  error_code text,
  error_message text,
  job_id bigint,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  sent_at timestamptz,
  unique (message_id, kind)
);

comment on table public.message_deliveries is 'The outbox to contacts: what became of each reply.';
comment on column public.message_deliveries.kind is 'answer: the message''s text; unavailable: the channel''s words for when there is no answer.';
comment on column public.message_deliveries.status is
  'queued → sending → sent | failed | cancelled; unknown: it may have arrived, nobody can tell, and it is not repeated by itself.';
comment on column public.message_deliveries.requests_sent is 'A long text leaves in several requests: so many the vendor has taken.';
comment on column public.message_deliveries.is_offline is 'Sent by the offline channel: nobody got it.';
comment on column public.message_deliveries.error_code is 'Why it did not arrive, stable; see docs/error-codes.md.';
comment on column public.message_deliveries.error_message is 'The same for people.';
comment on column public.message_deliveries.job_id is 'Job that sends it.';
comment on column public.message_deliveries.sent_at is 'When the vendor had taken all of it.';

create index message_deliveries_workspace_idx on public.message_deliveries (workspace_id, created_at desc, id);
create index message_deliveries_channel_idx on public.message_deliveries (channel_id);
create index message_deliveries_contact_idx on public.message_deliveries (contact_id);

alter table public.message_deliveries enable row level security;

create policy select_members on public.message_deliveries
  for select to authenticated
  using (workspace_id = any (array(select app.workspaces_with('conversations.read_all'))));

comment on policy select_members on public.message_deliveries is 'Who reads contacts'' conversations sees what arrived.';

revoke all on table public.message_deliveries from public, anon, authenticated, service_role;
grant select on table public.message_deliveries to authenticated, service_role, lamina_worker;

create trigger touch_updated_at before update on public.message_deliveries
  for each row execute function app.touch_updated_at();
comment on trigger touch_updated_at on public.message_deliveries is 'Stamps updated_at.';
