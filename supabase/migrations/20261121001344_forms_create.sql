-- Purpose:  forms that anybody on the web may fill in, and consent that is asked for again by mail before it counts.
-- Risk:     none, new objects only.
-- Way back: drop the two tables and the functions of this file; delete the notification kind consent_asked.
set local lock_timeout = '5s';

insert into app.notification_kinds (kind, is_optional, description) values
  ('consent_asked', false, 'Somebody typed an address into a form and agreed to mails.');

------------------------------------------------------------------------------------------------
-- public.forms
------------------------------------------------------------------------------------------------
create table public.forms (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  name text not null check (app.is_name(name)),
  statement text check (length(btrim(statement)) between 1 and 300),
  makes_lead boolean not null default false,
  thank_you_url text check (thank_you_url ~ '^https://[^\s<>"]+$' and length(thank_you_url) <= 500),
  is_enabled boolean not null default true,
  created_by uuid default app.user_id(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

comment on table public.forms is 'Doors for people on the web: POST to the function forms with the id fills one in.';
comment on column public.forms.name is 'For members, and where a person says they come from; the lead is called so.';
comment on column public.forms.statement is
  'What people agree to who tick consent, as the page shows it; null: the form asks for none. Needs a plan with campaigns.';
comment on column public.forms.makes_lead is 'Whoever fills it in wants something: a contact form, not a newsletter''s.';
comment on column public.forms.thank_you_url is 'Where a browser without script is led after it was sent; null: a page of ours.';
comment on column public.forms.is_enabled is 'False: it takes nothing, and what waits for confirmation may still be confirmed.';

create index forms_workspace_idx on public.forms (workspace_id, created_at);

alter table public.forms enable row level security;

create policy select_members on public.forms
  for select to authenticated
  using (workspace_id = any (array(select app.workspaces_with('campaigns.read'))));
create policy insert_marketers on public.forms
  for insert to authenticated
  with check (workspace_id = any (array(select app.workspaces_with('campaigns.write'))));
create policy update_marketers on public.forms
  for update to authenticated
  using (workspace_id = any (array(select app.workspaces_with('campaigns.write'))))
  with check (workspace_id = any (array(select app.workspaces_with('campaigns.write'))));
create policy delete_marketers on public.forms
  for delete to authenticated
  using (workspace_id = any (array(select app.workspaces_with('campaigns.write'))));

comment on policy select_members on public.forms is 'Whoever plans or follows campaigns.';
comment on policy insert_marketers on public.forms is 'Who may note consent may ask for it.';
comment on policy update_marketers on public.forms is 'Other words hold for those who come after.';
comment on policy delete_marketers on public.forms is 'The page''s form then answers 404.';

revoke all on table public.forms from public, anon, authenticated, service_role;
grant select, delete, insert (id, workspace_id, name, statement, makes_lead, thank_you_url, is_enabled),
  update (name, statement, makes_lead, thank_you_url, is_enabled) on table public.forms to authenticated;
grant select on table public.forms to service_role;

create trigger touch_updated_at before update on public.forms
  for each row execute function app.touch_updated_at();
comment on trigger touch_updated_at on public.forms is 'Stamps updated_at.';

create function app.guard_form() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  if new.statement is not null and (tg_op = 'INSERT' or old.statement is null) then
    perform app.require_entitlement(new.workspace_id, 'campaigns');
  end if;
  if tg_op = 'INSERT' then
    perform app.lock_ordering_key(format('forms:%s', new.workspace_id));
    if (select count(*) from public.forms as f where f.workspace_id = new.workspace_id) >= 50 then
      perform app.fail(409, 'form.too_many', 'A workspace has at most fifty forms.', 'Delete one.');
    end if;
  end if;
  return new;
end;
$$;

comment on function app.guard_form() is 'Trigger: fifty forms, and none that sends mails to strangers for a plan without campaigns.';

create trigger guard_form before insert or update of statement on public.forms
  for each row execute function app.guard_form();
comment on trigger guard_form on public.forms is 'Forms are bounded.';

------------------------------------------------------------------------------------------------
-- app.consent_requests
------------------------------------------------------------------------------------------------
create table app.consent_requests (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  contact_id uuid not null references public.contacts (id) on delete cascade,
  token_hash bytea not null unique check (octet_length(token_hash) = 32),
  email text not null check (email = lower(email)),
  statement text not null,
  source text not null,
  created_at timestamptz not null default now(),
  confirmed_at timestamptz
);

comment on table app.consent_requests is
  'Who ticked consent in a form: anybody can type anybody''s address, so it counts once the address''s owner confirms it, within seven days.';
comment on column app.consent_requests.contact_id is 'Whose consent it will be.';
comment on column app.consent_requests.token_hash is 'SHA-256 of the token in the mail''s link, which is nowhere else once the mail is sent.';
comment on column app.consent_requests.email is 'Where the mail went, in lower case: with another address of the contact''s the link is void.';
comment on column app.consent_requests.statement is 'The form''s words at that time.';
comment on column app.consent_requests.source is 'The form, in words.';
comment on column app.consent_requests.confirmed_at is 'When it was; a link grants once.';

create index consent_requests_contact_idx on app.consent_requests (contact_id);
create index consent_requests_workspace_idx on app.consent_requests (workspace_id, email);
create index consent_requests_created_idx on app.consent_requests (created_at);

alter table app.consent_requests enable row level security;

revoke all on table app.consent_requests from public, anon, authenticated, service_role;

revoke execute on function app.guard_form() from public, anon, authenticated, service_role;
