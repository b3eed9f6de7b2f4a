-- Purpose:  what a workspace knows about a contact as a customer, keys that find the same person twice, rights of sales.
-- Risk:     rewrites public.contacts once, for its generated columns.
-- Way back: drop the columns added here and app.name_key; delete the permissions sales.read and sales.write.
set local lock_timeout = '5s';

insert into public.role_permissions (role, permission)
select role, permission
from (values
  ('sales.read', '{owner,admin,sales,support,marketing}'::text[]),
  ('sales.write', '{owner,admin,sales}')
) as grants (permission, roles)
cross join unnest(roles) as role;

------------------------------------------------------------------------------------------------
-- The key of a name
------------------------------------------------------------------------------------------------
create function app.name_key(p_name text) returns text
language sql immutable set search_path = ''
return (
  select nullif(string_agg(t.word, ' ' order by t.word collate "C"), '')
  from regexp_split_to_table(
    translate(lower(p_name), 'àâäáãåçéèêëíìîïñóòôöõúùûüýÿ-.,''’_', 'aaaaaaceeeeiiiinooooouuuuyy      '),
    '\s+') as t (word)
  where t.word <> ''
);

comment on function app.name_key(text) is
  'A name without case, usual accents, punctuation and order of words: Élodie Martin-Roy and martin roy, elodie have one key.';

revoke execute on function app.name_key(text) from public, anon, authenticated, service_role;
grant execute on function app.name_key(text) to authenticated, service_role, lamina_worker;

------------------------------------------------------------------------------------------------
-- Contacts as customers
------------------------------------------------------------------------------------------------
alter table public.contacts
  add column company text check (length(company) between 1 and 200),
  add column job_title text check (length(job_title) between 1 and 200),
  add column source text check (length(source) between 1 and 100),
  add column lifecycle text not null default 'subscriber'
    check (lifecycle in ('subscriber', 'lead', 'qualified', 'customer', 'lost')),
  add column owner_id uuid,
  add column lead_score int check (lead_score between 0 and 100),
  add column country text check (country ~ '^[A-Z]{2}$'),
  add column tags text[] not null default '{}' check (
    cardinality(tags) <= 50 and array_position(tags, null) is null and array_position(tags, '') is null
    and length(array_to_string(tags, '')) <= 2500),
  add column last_activity_at timestamptz,
  add column email_key text generated always as (nullif(lower(btrim(email)), '')) stored,
  add column phone_key text generated always as (
    nullif(right(regexp_replace(regexp_replace(phone, '[^0-9]', '', 'g'), '^0+', ''), 9), '')) stored,
  add column name_key text generated always as (app.name_key(name)) stored,
  add constraint contacts_owner_fkey foreign key (workspace_id, owner_id)
    references public.workspace_members (workspace_id, user_id) on delete set null (owner_id),
  add constraint contacts_workspace_key unique (workspace_id, id);

comment on column public.contacts.company is 'Where they work.';
comment on column public.contacts.job_title is 'What they do there.';
comment on column public.contacts.source is 'Where the workspace has them from: website, fair, import.';
comment on column public.contacts.lifecycle is 'How far they came: subscriber, lead, qualified, customer; or lost.';
comment on column public.contacts.owner_id is 'Member who looks after them; null once that member has left.';
comment on column public.contacts.lead_score is '0 to 100, written by the scoring only; null until it is known, which is not 0.';
comment on column public.contacts.country is 'ISO 3166 code of two letters.';
comment on column public.contacts.tags is 'Up to 50 words of the workspace''s own.';
comment on column public.contacts.last_activity_at is 'When they last did something: wrote, or moved in a deal. Null: never yet.';
comment on column public.contacts.email_key is 'E-mail in lower case: equal for the same address.';
comment on column public.contacts.phone_key is 'Last nine digits of the phone, without leading zeros: equal for +33 6…, 0033 6… and 06….';
comment on column public.contacts.name_key is 'The name as app.name_key has it.';

create index contacts_email_key_idx on public.contacts (workspace_id, email_key) where email_key is not null;
create index contacts_phone_key_idx on public.contacts (workspace_id, phone_key) where phone_key is not null;
create index contacts_name_key_idx on public.contacts (workspace_id, name_key) where name_key is not null;
create index contacts_owner_idx on public.contacts (workspace_id, owner_id);

grant insert (company, job_title, source, lifecycle, owner_id, country, tags),
  update (company, job_title, source, lifecycle, owner_id, country, tags) on table public.contacts to authenticated;

------------------------------------------------------------------------------------------------
-- Activity
------------------------------------------------------------------------------------------------
create function app.note_contact_activity() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  update public.contacts as c set last_activity_at = new.created_at
  where c.id = new.contact_id
    and (c.last_activity_at is null or c.last_activity_at < new.created_at - interval '1 minute');
  return null;
end;
$$;

comment on function app.note_contact_activity() is 'A contact who writes is active. Exact to the minute, so that a lively talk is not as many updates.';

create trigger note_contact_activity after insert on public.messages
  for each row when (new.contact_id is not null and new.role = 'user')
  execute function app.note_contact_activity();
comment on trigger note_contact_activity on public.messages is 'Keeps contacts.last_activity_at.';

revoke execute on function app.note_contact_activity() from public, anon, authenticated, service_role;
