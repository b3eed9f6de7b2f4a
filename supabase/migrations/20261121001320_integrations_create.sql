-- Purpose:  connections to other systems (Mailchimp, Salesforce, Google Analytics, any by signed webhook), their credentials,
--           what became of each contact there, and what came in.
-- Risk:     an index on contacts is built while they are locked against writes.
-- Way back: drop the tables and the index of this file; delete the permissions integrations.*, the job kinds integrations.* and the
--           notification kind connection_broken.
set local lock_timeout = '5s';

insert into public.role_permissions (role, permission)
select role, permission
from (values
  ('integrations.read', '{owner,admin,sales,marketing}'::text[]),
  ('integrations.manage', '{owner,admin}')
) as grants (permission, roles)
cross join unnest(roles) as role;

insert into app.job_kinds (kind, lane, max_attempts, provider, cost) values
  ('integrations.test', 'interactive', 3, null, 1),
  ('integrations.sync', 'bulk', 8, null, 1),
  ('integrations.sync_due', 'bulk', 3, null, 1),
  ('integrations.apply_inbound', 'ingest', 5, null, 1),
  ('integrations.purge', 'bulk', 3, null, 1);

insert into app.notification_kinds (kind, is_optional, description) values
  ('connection_broken', false, 'A connection to another system stopped working.');

create index contacts_changed_idx on public.contacts (workspace_id, updated_at, id);

------------------------------------------------------------------------------------------------
-- public.connections
------------------------------------------------------------------------------------------------
create table public.connections (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  kind text not null check (kind in ('mailchimp', 'salesforce', 'google_analytics', 'generic')),
  name text not null check (app.is_name(name)),
  settings jsonb not null default '{}' check (jsonb_typeof(settings) = 'object'),
  credential_last4 text check (length(credential_last4) = 4),
  credentials_version int not null default 1,
  account_name text check (length(account_name) <= 300),
  status text not null default 'active' check (status in ('active', 'broken', 'disabled')),
  failures int not null default 0,
  next_try_at timestamptz,
  error_code text,
  error_message text,
  last_ok_at timestamptz,
  is_offline boolean not null default false,
  baseline_at timestamptz not null default now(),
  cursor_at timestamptz,
  cursor_id uuid,
  created_by uuid not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

comment on table public.connections is 'Other systems that a workspace''s contacts go to, or come from.';
comment on column public.connections.kind is
  'mailchimp: contacts with consent become members of an audience; salesforce: contacts are upserted as leads or contacts; google_analytics: changes of lifecycle become events; generic: another system sends contacts.';
comment on column public.connections.name is 'For members, in lists.';
comment on column public.connections.settings is 'By kind, a closed list (app.connection_fields); for generic: fields, an object of our field → path in their event, and event_id.';
comment on column public.connections.credential_last4 is 'End of the main credential, which nobody reads back.';
comment on column public.connections.credentials_version is 'Counts the credentials set so far: what the vendor says of older ones means nothing.';
comment on column public.connections.account_name is 'What is behind the credentials, as the vendor tells it when they are tested.';
comment on column public.connections.status is
  'active; broken: the vendor refuses, or has failed ten times in a row: nothing is sent until it is tested with success; disabled by a member.';
comment on column public.connections.failures is 'Failures in a row; patience that the vendor asked for is none.';
comment on column public.connections.next_try_at is 'Nothing is sent before: after a failure, or because the vendor said so.';
comment on column public.connections.error_code is 'Of the last failure, stable; see docs/error-codes.md. Null once it works again.';
comment on column public.connections.error_message is 'The same for people.';
comment on column public.connections.last_ok_at is 'When the vendor last took or answered something.';
comment on column public.connections.is_offline is 'Written by the offline twin: nothing left this installation.';
comment on column public.connections.baseline_at is 'Contacts from before are noted and not told to a vendor that counts events.';
comment on column public.connections.cursor_at is 'updated_at of the last contact that was looked at; null: none yet.';
comment on column public.connections.cursor_id is 'Its id: several have the same time.';

create index connections_workspace_idx on public.connections (workspace_id, created_at);

alter table public.connections enable row level security;

create policy select_members on public.connections
  for select to authenticated
  using (workspace_id = any (array(select app.workspaces_with('integrations.read'))));

comment on policy select_members on public.connections is 'Those who rely on what is synchronised see how it is; credentials are elsewhere.';

revoke all on table public.connections from public, anon, authenticated, service_role;
grant select on table public.connections to authenticated, service_role, lamina_worker;

create trigger touch_updated_at before update on public.connections
  for each row execute function app.touch_updated_at();
comment on trigger touch_updated_at on public.connections is 'Stamps updated_at.';

------------------------------------------------------------------------------------------------
-- app.connection_secrets
------------------------------------------------------------------------------------------------
create table app.connection_secrets (
  connection_id uuid primary key references public.connections (id) on delete cascade,
  credentials jsonb not null check (jsonb_typeof(credentials) = 'object'),
  previous_secret text,
  previous_until timestamptz,
  access_token text,
  instance_url text
);

comment on table app.connection_secrets is 'Kept apart from the connections, so that no client reads them; only the worker and the door of inbound events do.';
comment on column app.connection_secrets.credentials is 'As the customer gave them, by kind; generic: {secret}, which we made and showed once.';
comment on column app.connection_secrets.previous_secret is 'The one before, good until previous_until, so that a rotation loses no event.';
comment on column app.connection_secrets.access_token is 'What Salesforce gave for the credentials; renewed when it is refused.';
comment on column app.connection_secrets.instance_url is 'Where that token is good.';

alter table app.connection_secrets enable row level security;

revoke all on table app.connection_secrets from public, anon, authenticated, service_role;
grant select on table app.connection_secrets to lamina_worker;

------------------------------------------------------------------------------------------------
-- public.connection_records
------------------------------------------------------------------------------------------------
create table public.connection_records (
  connection_id uuid not null references public.connections (id) on delete cascade,
  contact_id uuid not null references public.contacts (id) on delete cascade,
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  status text not null check (status in ('synced', 'refused', 'sending', 'waiting', 'unknown', 'baseline', 'linked')),
  remote_id text check (length(remote_id) <= 300),
  sent_hash text check (sent_hash ~ '^[0-9a-f]{64}$'),
  error_code text,
  error_message text,
  updated_at timestamptz not null default now(),
  primary key (connection_id, contact_id)
);

comment on table public.connection_records is 'What became of a contact in another system: their row for ours.';
comment on column public.connection_records.status is
  'synced; refused: not sent again until it changes, or all are; sending, waiting, unknown: an event that may be counted once only is about to go, did not go, or nobody knows; baseline: from before the connection; linked: came from there.';
comment on column public.connection_records.remote_id is 'What they call it.';
comment on column public.connection_records.sent_hash is 'sha256 of what was last sent: the same is not sent again. Null: nothing yet, or all is to be sent again.';
comment on column public.connection_records.error_code is 'Why it was refused, stable; see docs/error-codes.md.';
comment on column public.connection_records.error_message is 'The same for people.';

create unique index connection_records_linked_key on public.connection_records (connection_id, remote_id) where status = 'linked';
create index connection_records_workspace_idx on public.connection_records (workspace_id);
create index connection_records_contact_idx on public.connection_records (contact_id);
create index connection_records_status_idx on public.connection_records (connection_id, status, updated_at desc);

alter table public.connection_records enable row level security;

create policy select_members on public.connection_records
  for select to authenticated
  using (workspace_id = any (array(select app.workspaces_with('integrations.read'))));

comment on policy select_members on public.connection_records is 'As their connections.';

revoke all on table public.connection_records from public, anon, authenticated, service_role;
grant select on table public.connection_records to authenticated, service_role, lamina_worker;

------------------------------------------------------------------------------------------------
-- app.inbound_events
------------------------------------------------------------------------------------------------
create table app.inbound_events (
  id uuid primary key default gen_random_uuid(),
  connection_id uuid not null references public.connections (id) on delete cascade,
  event_id text not null check (length(event_id) between 1 and 200),
  body jsonb,
  status text not null default 'queued' check (status in ('queued', 'applied', 'failed')),
  contact_id uuid references public.contacts (id) on delete set null,
  error_code text,
  error_message text,
  job_id bigint,
  received_at timestamptz not null default now(),
  ended_at timestamptz,
  unique (connection_id, event_id),
  check (body is not null or status = 'applied')
);

comment on table app.inbound_events is 'What other systems sent, once by their id. Bodies hold personal data: they go when they are applied, else with the row after days.';
comment on column app.inbound_events.event_id is 'Theirs; for an event without one the sha256 of its body.';
comment on column app.inbound_events.body is 'At most 64 KiB; null once it is applied.';
comment on column app.inbound_events.contact_id is 'The contact it made or changed.';

create index inbound_events_connection_idx on app.inbound_events (connection_id, received_at desc);
create index inbound_events_contact_idx on app.inbound_events (contact_id) where contact_id is not null;
create index inbound_events_received_idx on app.inbound_events (received_at);

alter table app.inbound_events enable row level security;

revoke all on table app.inbound_events from public, anon, authenticated, service_role;
grant select on table app.inbound_events to lamina_worker;

------------------------------------------------------------------------------------------------
-- app.connection_fields
------------------------------------------------------------------------------------------------
create table app.connection_fields (
  kind text not null,
  part text not null check (part in ('settings', 'credentials')),
  field text not null,
  pattern text not null,
  is_required boolean not null default true,
  primary key (kind, part, field)
);

comment on table app.connection_fields is 'What a connection of a kind is told: a closed list. Hosts come from patterns that only the vendor''s own names fit.';
comment on column app.connection_fields.pattern is 'Regular expression of the whole value, a string.';

alter table app.connection_fields enable row level security;

revoke all on table app.connection_fields from public, anon, authenticated, service_role;

insert into app.connection_fields (kind, part, field, pattern, is_required) values
  ('mailchimp', 'settings', 'list_id', '^[0-9a-z]{6,20}$', true),
  ('mailchimp', 'credentials', 'api_key', '^[0-9a-f]{32}-[a-z]{2}[0-9]{1,3}$', true),
  ('salesforce', 'settings', 'domain',
    '^[a-z0-9][a-z0-9-]{0,60}(\.(sandbox|develop|scratch|demo|patch|trailblaze|free))?\.my\.salesforce\.com$', true),
  ('salesforce', 'settings', 'object', '^(Lead|Contact)$', true),
  ('salesforce', 'settings', 'external_id_field', '^[A-Za-z][A-Za-z0-9_]{0,60}__c$', true),
  ('salesforce', 'credentials', 'client_id', '^[!-~]{16,255}$', true),
  ('salesforce', 'credentials', 'client_secret', '^[!-~]{16,255}$', true),
  ('salesforce', 'credentials', 'refresh_token', '^[!-~]{16,}$', false),
  ('google_analytics', 'settings', 'measurement_id', '^G-[A-Z0-9]{4,20}$', true),
  ('google_analytics', 'settings', 'region', '^(global|eu)$', false),
  ('google_analytics', 'credentials', 'api_secret', '^[A-Za-z0-9_-]{10,100}$', true);
