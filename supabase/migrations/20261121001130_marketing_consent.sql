-- Purpose:  who may be written to: consent of contacts with its history, addresses that a workspace writes to no more.
-- Risk:     three columns on public.contacts, one with a constant default: no rewrite. Triggers on public.contacts.
-- Way back: drop the three tables and the functions of this file (cascade drops the triggers), drop the three columns, delete the permissions
--           campaigns.read and campaigns.write.
set local lock_timeout = '5s';

insert into public.role_permissions (role, permission)
select role, permission
from (values
  ('campaigns.read', '{owner,admin,marketing,sales,editor}'::text[]),
  ('campaigns.write', '{owner,admin,marketing}')
) as grants (permission, roles)
cross join unnest(roles) as role;

------------------------------------------------------------------------------------------------
-- public.contacts: consent
------------------------------------------------------------------------------------------------
alter table public.contacts
  add column email_consent text not null default 'unknown' check (email_consent in ('unknown', 'granted', 'withdrawn')),
  add column consent_at timestamptz,
  add column consent_source text check (length(consent_source) between 1 and 200);

comment on column public.contacts.email_consent is
  'Whether the person agreed to campaigns at this address: only granted gets any. Changed by set_contact_consent and the unsubscribe page.';
comment on column public.contacts.consent_at is 'When it was said last; null while unknown from the start.';
comment on column public.contacts.consent_source is 'Where or how it was said: a form, a fair, the unsubscribe page.';

------------------------------------------------------------------------------------------------
-- public.consent_events
------------------------------------------------------------------------------------------------
create table public.consent_events (
  id bigint generated always as identity primary key,
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  contact_id uuid not null references public.contacts (id) on delete cascade,
  consent text not null check (consent in ('unknown', 'granted', 'withdrawn')),
  source text,
  email text,
  created_by uuid,
  created_at timestamptz not null default now()
);

comment on table public.consent_events is 'Proof of consent: every change, in order, written by a trigger and never changed.';
comment on column public.consent_events.consent is 'What it became.';
comment on column public.consent_events.source is 'Where or how it was said.';
comment on column public.consent_events.email is 'The address it was said for.';
comment on column public.consent_events.created_by is 'The member who noted it; null for the person themselves, or the system.';

create index consent_events_contact_idx on public.consent_events (contact_id, id);
create index consent_events_workspace_idx on public.consent_events (workspace_id);

alter table public.consent_events enable row level security;

create policy select_members on public.consent_events
  for select to authenticated
  using (workspace_id = any (array(select app.workspaces_with('contacts.read'))));

comment on policy select_members on public.consent_events is 'As the contacts it is about.';

revoke all on sequence public.consent_events_id_seq from public, anon, authenticated, service_role;
revoke all on table public.consent_events from public, anon, authenticated, service_role;
grant select on table public.consent_events to authenticated, service_role;

------------------------------------------------------------------------------------------------
-- public.mail_suppressions
------------------------------------------------------------------------------------------------
create table public.mail_suppressions (
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  email text not null check (email = lower(email)),
  reason text not null check (reason in ('unsubscribed', 'withdrawn', 'complained')),
  created_at timestamptz not null default now(),
  primary key (workspace_id, email)
);

comment on table public.mail_suppressions is
  'Addresses that get no campaign of this workspace, whatever contact has them now: it outlives imports, merges and deleted contacts.';
comment on column public.mail_suppressions.email is 'In lower case.';
comment on column public.mail_suppressions.reason is
  'unsubscribed: by the person; withdrawn: noted by a member; complained: called it spam, which no member can undo.';

alter table public.mail_suppressions enable row level security;

create policy select_members on public.mail_suppressions
  for select to authenticated
  using (workspace_id = any (array(select app.workspaces_with('contacts.read'))));

comment on policy select_members on public.mail_suppressions is 'Who sees contacts sees why one gets no mail.';

revoke all on table public.mail_suppressions from public, anon, authenticated, service_role;
grant select on table public.mail_suppressions to authenticated, service_role;

------------------------------------------------------------------------------------------------
-- app.suppressed_hashes
------------------------------------------------------------------------------------------------
create table app.suppressed_hashes (
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  email_hash bytea not null check (octet_length(email_hash) = 32),
  reason text not null check (reason in ('unsubscribed', 'complained', 'bounced')),
  created_at timestamptz not null default now(),
  primary key (workspace_id, email_hash)
);

comment on table app.suppressed_hashes is
  'As public.mail_suppressions, for addresses that are not known any more: somebody left by a mail after their contact or its campaign was deleted.';
comment on column app.suppressed_hashes.email_hash is 'SHA-256 of the address in lower case.';
comment on column app.suppressed_hashes.reason is 'unsubscribed is lifted by a new consent, the others are not.';

alter table app.suppressed_hashes enable row level security;

revoke all on table app.suppressed_hashes from public, anon, authenticated, service_role;

------------------------------------------------------------------------------------------------
-- Changes of consent
------------------------------------------------------------------------------------------------
create function app.guard_consent() returns trigger
language plpgsql volatile security invoker set search_path = '' as $$
begin
  if lower(trim(new.email)) is distinct from lower(trim(old.email)) and new.email_consent = 'granted'
    and old.email_consent = 'granted'
  then
    new.email_consent := 'unknown';
    new.consent_source := 'The address changed.';
  end if;
  if new.email_consent is distinct from old.email_consent then
    new.consent_at := now();
  end if;
  return new;
end;
$$;

comment on function app.guard_consent() is 'Trigger: consent belongs to an address, so a new address has none; stamps consent_at.';

create trigger guard_consent before update of email, email_consent on public.contacts
  for each row execute function app.guard_consent();
comment on trigger guard_consent on public.contacts is 'Nobody is written to at an address they did not agree with.';

create function app.note_consent() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  if tg_op = 'INSERT' or new.email_consent is distinct from old.email_consent
    or new.consent_source is distinct from old.consent_source
  then
    insert into public.consent_events (workspace_id, contact_id, consent, source, email, created_by)
    values (new.workspace_id, new.id, new.email_consent, new.consent_source, new.email_key, app.user_id());
  end if;
  return null;
end;
$$;

comment on function app.note_consent() is 'Trigger: appends to public.consent_events.';

create trigger note_consent_insert after insert on public.contacts
  for each row when (new.email_consent <> 'unknown') execute function app.note_consent();
comment on trigger note_consent_insert on public.contacts is 'An import that brings consent is noted too.';
create trigger note_consent after update of email, email_consent, consent_source on public.contacts
  for each row execute function app.note_consent();
comment on trigger note_consent on public.contacts is 'What cannot be proved was not said.';

create function app.suppress_in(p_workspace_id uuid, p_email text, p_reason text) returns void
language sql volatile security definer set search_path = ''
begin atomic
  insert into public.mail_suppressions as s (workspace_id, email, reason) values (p_workspace_id, lower(p_email), p_reason)
  on conflict (workspace_id, email) do update set reason = excluded.reason, created_at = excluded.created_at
  where s.reason <> 'complained' and s.reason <> excluded.reason;

  update public.contacts as c set email_consent = 'withdrawn', consent_source = p_reason
  where c.workspace_id = p_workspace_id and c.email_key = lower(p_email) and c.email_consent <> 'withdrawn';
end;

comment on function app.suppress_in(uuid, text, text) is
  'No more campaigns of a workspace to an address; every contact who has it counts as withdrawn. Internal.';

create function app.set_contact_consent(p_contact_ids uuid[], p_consent text, p_source text) returns int
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_count int;
  v_workspace_id uuid;
begin
  perform app.require_user();
  if p_consent is null or p_consent not in ('granted', 'withdrawn') then
    perform app.fail(400, 'consent.unknown', 'Consent is granted or withdrawn.');
  elsif length(trim(p_source)) between 1 and 200 is not true then
    perform app.fail(400, 'consent.source_missing', 'Say in 1 to 200 characters where consent was given or withdrawn.');
  elsif cardinality(p_contact_ids) > 1000 then
    perform app.fail(400, 'consent.too_many', 'Consent is noted for at most 1,000 contacts at once.');
  end if;
  for v_workspace_id in
    select distinct c.workspace_id from public.contacts as c
    where c.id = any (p_contact_ids) and c.workspace_id = any (array(select app.workspaces_with('contacts.read')))
  loop
    perform app.require_permission(v_workspace_id, 'campaigns.write');
  end loop;
  if p_consent = 'granted' then
    delete from public.mail_suppressions as s using public.contacts as c
    where c.id = any (p_contact_ids) and c.workspace_id = any (array(select app.workspaces_with('campaigns.write')))
      and s.workspace_id = c.workspace_id and s.email = c.email_key and s.reason <> 'complained';
    delete from app.suppressed_hashes as h using public.contacts as c
    where c.id = any (p_contact_ids) and c.workspace_id = any (array(select app.workspaces_with('campaigns.write')))
      and h.workspace_id = c.workspace_id and h.email_hash = sha256(convert_to(c.email_key, 'UTF8')) and h.reason = 'unsubscribed';
  else
    insert into public.mail_suppressions (workspace_id, email, reason)
    select distinct c.workspace_id, c.email_key, 'withdrawn' from public.contacts as c
    where c.id = any (p_contact_ids) and c.workspace_id = any (array(select app.workspaces_with('campaigns.write')))
      and c.email_key is not null
    on conflict do nothing;
  end if;
  update public.contacts as c set email_consent = p_consent, consent_source = trim(p_source), consent_at = now()
  where c.id = any (p_contact_ids) and c.workspace_id = any (array(select app.workspaces_with('campaigns.write')));
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;

comment on function app.set_contact_consent(uuid[], text, text) is 'Behind public.set_contact_consent.';

create function public.set_contact_consent(p_contact_ids uuid[], p_consent text, p_source text) returns int
language sql volatile security invoker set search_path = ''
begin atomic
  select app.set_contact_consent(p_contact_ids, p_consent, p_source);
end;

comment on function public.set_contact_consent(uuid[], text, text) is
  'Notes what up to 1,000 people said about campaigns: granted or withdrawn, and where. Returns how many contacts it concerned; ids of others are passed over. Granting lifts an earlier unsubscription, never a complaint. Errors: consent.unknown, consent.source_missing, consent.too_many, workspace.forbidden.';

revoke execute on function app.guard_consent() from public, anon, authenticated, service_role;
revoke execute on function app.note_consent() from public, anon, authenticated, service_role;
revoke execute on function app.suppress_in(uuid, text, text) from public, anon, authenticated, service_role;
revoke execute on function app.set_contact_consent(uuid[], text, text) from public, anon, authenticated, service_role;
revoke execute on function public.set_contact_consent(uuid[], text, text) from public, anon, authenticated, service_role;
grant execute on function app.set_contact_consent(uuid[], text, text) to authenticated;
grant execute on function public.set_contact_consent(uuid[], text, text) to authenticated;
