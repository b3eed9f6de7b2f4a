-- Purpose:  people come in by a program of the workspace's own: the contact, what they agreed to in its words, what they want.
-- Risk:     a column on public.consent_events, null by default: no rewrite.
-- Way back: drop the functions and the table of this file, drop the column consent_events.statement.
set local lock_timeout = '5s';

alter table public.consent_events add column statement text check (length(statement) between 1 and 2000);

comment on column public.consent_events.statement is
  'The words the person agreed to, as the form showed them; null: a member noted it, and source says where.';

------------------------------------------------------------------------------------------------
-- app.captures
------------------------------------------------------------------------------------------------
create table app.captures (
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  idempotency_key text not null check (length(idempotency_key) between 1 and 200),
  digest bytea not null check (octet_length(digest) = 32),
  answer jsonb not null,
  created_at timestamptz not null default now(),
  primary key (workspace_id, idempotency_key)
);

comment on table app.captures is 'Calls of capture_contact by their keys, so that one that is repeated changes nothing; kept for thirty days.';
comment on column app.captures.idempotency_key is 'Chosen by the caller.';
comment on column app.captures.digest is 'SHA-256 of what was asked: the same key for something else is refused.';
comment on column app.captures.answer is 'What was answered: ids, no personal data.';

create index captures_created_idx on app.captures (created_at);

alter table app.captures enable row level security;

revoke all on table app.captures from public, anon, authenticated, service_role;

------------------------------------------------------------------------------------------------
-- Parts
------------------------------------------------------------------------------------------------
create function app.bad_contact_field(p_constraint text) returns void
language plpgsql immutable set search_path = '' as $$
begin
  perform app.fail(400, 'contact.bad_field', app.contact_field_rule(coalesce(substring(p_constraint from '^contacts_(.+)_check$'), 'name')));
end;
$$;

comment on function app.bad_contact_field(text) is 'Fails with 400 and names the column of a broken check. Internal.';

create function app.capture_person(
  p_workspace_id uuid, p_person jsonb, p_source text, p_fills boolean, out contact_id uuid, out is_new boolean
)
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_given jsonb := app.clean_person(p_person);
  v_constraint text;
begin
  perform app.require_address(v_given);
  perform app.lock_ordering_key(format('import:%s', p_workspace_id));
  contact_id := app.find_person(p_workspace_id, v_given);
  is_new := contact_id is null;
  if is_new then
    insert into public.contacts as c (workspace_id, source, email, phone, name, language, company, job_title, country)
    values (p_workspace_id, p_source, v_given ->> 'email', v_given ->> 'phone', v_given ->> 'name', lower(v_given ->> 'language'),
      v_given ->> 'company', v_given ->> 'job_title', upper(v_given ->> 'country'))
    returning c.id into contact_id;
  elsif p_fills then
    update public.contacts as c
    set phone = coalesce(c.phone, v_given ->> 'phone'), name = coalesce(c.name, v_given ->> 'name'),
      language = coalesce(c.language, lower(v_given ->> 'language')), company = coalesce(c.company, v_given ->> 'company'),
      job_title = coalesce(c.job_title, v_given ->> 'job_title'), country = coalesce(c.country, upper(v_given ->> 'country'))
    where c.id = contact_id and (
      c.phone is null and v_given ? 'phone' or c.name is null and v_given ? 'name' or c.language is null and v_given ? 'language'
      or c.company is null and v_given ? 'company' or c.job_title is null and v_given ? 'job_title'
      or c.country is null and v_given ? 'country');
  end if;
exception when check_violation then
  get stacked diagnostics v_constraint = constraint_name;
  perform app.bad_contact_field(v_constraint);
end;
$$;

comment on function app.capture_person(uuid, jsonb, text, boolean) is
  'Finds or makes the contact; of one that is known only what is missing is filled, if at all. Waits for imports, so that neither doubles what the other writes. Internal.';

create function app.capture_consent(p_contact_id uuid, p_consent text, p_source text, p_statement text) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_contact public.contacts;
  v_last bigint;
begin
  select * into v_contact from public.contacts as c where c.id = p_contact_id for no key update;
  if v_contact.email_key is null then
    perform app.fail(400, 'consent.no_address', 'Consent is for an e-mail address, and this person has none.');
  end if;
  if p_consent = 'granted' then
    delete from public.mail_suppressions as s
    where s.workspace_id = v_contact.workspace_id and s.email = v_contact.email_key and s.reason <> 'complained';
    delete from app.suppressed_hashes as h
    where h.workspace_id = v_contact.workspace_id and h.email_hash = sha256(convert_to(v_contact.email_key, 'UTF8'))
      and h.reason = 'unsubscribed';
  else
    insert into public.mail_suppressions (workspace_id, email, reason)
    values (v_contact.workspace_id, v_contact.email_key, 'withdrawn') on conflict do nothing;
  end if;
  select coalesce(max(e.id), 0) into v_last from public.consent_events as e where e.contact_id = p_contact_id;
  update public.contacts as c set email_consent = p_consent, consent_source = p_source, consent_at = now() where c.id = p_contact_id;
  update public.consent_events as e set statement = p_statement where e.contact_id = p_contact_id and e.id > v_last;
  if not found then
    insert into public.consent_events (workspace_id, contact_id, consent, source, email, statement)
    values (v_contact.workspace_id, p_contact_id, p_consent, p_source, v_contact.email_key, p_statement);
  end if;
end;
$$;

comment on function app.capture_consent(uuid, text, text, text) is
  'What the person said themselves, with the words they agreed to in consent_events, once more each time they say it. Granting lifts an unsubscription, never a complaint. Internal.';

create function app.capture_lead(p_contact_id uuid, p_interest text, p_source text, p_note text) returns uuid
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_id uuid;
  v_note text := coalesce(p_note, '');
begin
  if length(btrim(p_interest)) between 1 and 200 is not true then
    perform app.fail(400, 'lead.bad_interest', 'What a person wants has 1 to 200 characters.');
  end if;
  update public.leads as l
  set note = case when v_note = '' or position(v_note in l.note) > 0 then l.note
    else left(concat_ws(chr(10) || chr(10), nullif(l.note, ''), v_note), 4000) end
  where l.id = (
    select o.id from public.leads as o
    where o.contact_id = p_contact_id and lower(btrim(o.interest)) = lower(btrim(p_interest)) and o.status in ('new', 'working', 'qualified')
    order by o.created_at desc, o.id limit 1)
  returning l.id into v_id;
  if v_id is null then
    insert into public.leads as l (workspace_id, contact_id, interest, source, note, created_by)
    select c.workspace_id, c.id, btrim(p_interest), p_source, left(v_note, 4000), null
    from public.contacts as c where c.id = p_contact_id
    returning l.id into v_id;
  end if;
  return v_id;
end;
$$;

comment on function app.capture_lead(uuid, text, text, text) is
  'A lead for what the person wants, or the open one they have for the same, with the note below its own. Internal.';

------------------------------------------------------------------------------------------------
-- capture_contact
------------------------------------------------------------------------------------------------
create function app.check_capture(p_workspace_id uuid, p_person jsonb, p_source text, p_statement text, p_key text) returns void
language plpgsql stable security definer set search_path = '' as $$
declare
  v_known text[] := array['email', 'phone', 'name', 'language', 'company', 'job_title', 'country'];
  v_unknown text;
begin
  if not exists (select from public.workspaces as w where w.id = p_workspace_id) then
    perform app.fail(404, 'workspace.not_found', 'There is no such workspace.');
  elsif jsonb_typeof(p_person) is distinct from 'object' then
    perform app.fail(400, 'capture.bad_person', 'A person is an object.', 'Fields: ' || array_to_string(v_known, ', ') || '.');
  elsif length(btrim(p_source)) between 1 and 100 is not true then
    perform app.fail(400, 'capture.bad_source', 'Say in 1 to 100 characters where the person comes from.');
  elsif length(p_statement) not between 1 and 2000 then
    perform app.fail(400, 'capture.bad_statement', 'The words a person agreed to have 1 to 2,000 characters.');
  elsif length(p_key) not between 1 and 200 then
    perform app.fail(400, 'capture.bad_idempotency_key', 'An idempotency key has 1 to 200 characters.');
  end if;
  select f.field into v_unknown from jsonb_object_keys(p_person) as f (field) where f.field <> all (v_known) limit 1;
  if found then
    perform app.fail(400, 'capture.unknown_field', format('A person has no field "%s" here.', left(v_unknown, 60)),
      'Fields: ' || array_to_string(v_known, ', ') || '.');
  end if;
end;
$$;

comment on function app.check_capture(uuid, jsonb, text, text, text) is 'Fails with what is wrong about a call of capture_contact. Internal.';

create function app.capture_contact(
  p_workspace_id uuid, p_person jsonb, p_consent boolean, p_source text, p_statement text, p_interest text, p_idempotency_key text
) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_digest bytea := sha256(convert_to(jsonb_build_array(p_person, p_consent, p_source, p_statement, p_interest)::text, 'UTF8'));
  v_known app.captures;
  v_person record;
  v_lead_id uuid;
  v_answer jsonb;
begin
  perform app.check_capture(p_workspace_id, p_person, p_source, p_statement, p_idempotency_key);
  perform app.lock_ordering_key(format('import:%s', p_workspace_id));
  select * into v_known from app.captures as c where c.workspace_id = p_workspace_id and c.idempotency_key = p_idempotency_key;
  if found and v_known.digest <> v_digest then
    perform app.fail(409, 'capture.idempotency_conflict', 'This idempotency key was used for another person or other words.');
  elsif found then
    return v_known.answer;
  end if;
  select * into v_person from app.capture_person(p_workspace_id, p_person, btrim(p_source), true);
  if p_consent is not null then
    perform app.capture_consent(v_person.contact_id, case when p_consent then 'granted' else 'withdrawn' end, btrim(p_source), p_statement);
  end if;
  if p_interest is not null then
    v_lead_id := app.capture_lead(v_person.contact_id, p_interest, btrim(p_source), null);
  end if;
  select jsonb_build_object('contact_id', c.id, 'is_new', v_person.is_new, 'consent', c.email_consent, 'lead_id', v_lead_id)
  into v_answer
  from public.contacts as c where c.id = v_person.contact_id;
  insert into app.captures (workspace_id, idempotency_key, digest, answer)
  select p_workspace_id, p_idempotency_key, v_digest, v_answer where p_idempotency_key is not null;
  return v_answer;
end;
$$;

comment on function app.capture_contact(uuid, jsonb, boolean, text, text, text, text) is 'Behind public.capture_contact.';

create function public.capture_contact(
  p_workspace_id uuid, p_person jsonb, p_consent boolean default null, p_source text default null, p_statement text default null,
  p_interest text default null, p_idempotency_key text default null
) returns jsonb
language sql volatile security invoker set search_path = ''
begin atomic
  select app.capture_contact(p_workspace_id, p_person, p_consent, p_source, p_statement, p_interest, p_idempotency_key);
end;

comment on function public.capture_contact(uuid, jsonb, boolean, text, text, text, text) is
  'For the workspace''s own server, with the secret key: a person {email, phone, name, language, company, job_title, country} who signed up or wrote somewhere. Who is known by e-mail, without one by phone, keeps what they have and gets what is missing. p_consent true or false is what they said about campaigns, at p_source, agreeing to p_statement, which is kept as proof: whoever calls has to have made sure that the address is theirs. p_interest opens a lead, or finds the open one for the same. Returns {contact_id, is_new, consent, lead_id}; a p_idempotency_key makes it safe to repeat for thirty days. Errors: workspace.not_found, capture.bad_person, capture.unknown_field, capture.bad_source, capture.bad_statement, capture.bad_idempotency_key, capture.idempotency_conflict, contact.no_address, contact.bad_field, consent.no_address, lead.bad_interest.';

revoke execute on function app.bad_contact_field(text) from public, anon, authenticated, service_role;
revoke execute on function app.capture_person(uuid, jsonb, text, boolean) from public, anon, authenticated, service_role;
revoke execute on function app.capture_consent(uuid, text, text, text) from public, anon, authenticated, service_role;
revoke execute on function app.capture_lead(uuid, text, text, text) from public, anon, authenticated, service_role;
revoke execute on function app.check_capture(uuid, jsonb, text, text, text) from public, anon, authenticated, service_role;
revoke execute on function app.capture_contact(uuid, jsonb, boolean, text, text, text, text) from public, anon, authenticated, service_role;
revoke execute on function public.capture_contact(uuid, jsonb, boolean, text, text, text, text)
  from public, anon, authenticated, service_role;
grant execute on function app.capture_contact(uuid, jsonb, boolean, text, text, text, text) to service_role;
grant execute on function public.capture_contact(uuid, jsonb, boolean, text, text, text, text) to service_role;
