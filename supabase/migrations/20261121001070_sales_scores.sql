-- Purpose:  lead scores: what is known of each contact's, the history, which contacts are to be scored again.
-- Risk:     triggers on contacts, leads and deals that note who is to be scored.
-- Way back: drop the three tables, the functions of this file (cascade drops the triggers) and the column lead_opinion; delete the job kinds.
set local lock_timeout = '5s';

insert into app.job_kinds (kind, lane, max_attempts, provider, cost) values
  ('sales.sweep_scores', 'bulk', 2, null, 1),
  ('sales.score_contacts', 'bulk', 5, null, 2),
  ('sales.ask_opinion', 'interactive', 3, 'llm', 1);

alter table public.workspace_settings add column lead_opinion boolean not null default false;
comment on column public.workspace_settings.lead_opinion is
  'A language model may be asked for its opinion of a contact: what sellers wrote about leads goes to it, names and addresses do not.';
grant insert (lead_opinion), update (lead_opinion) on table public.workspace_settings to authenticated;

------------------------------------------------------------------------------------------------
-- public.contact_scores
------------------------------------------------------------------------------------------------
create table public.contact_scores (
  contact_id uuid primary key references public.contacts (id) on delete cascade,
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  score int check (score between 0 and 100),
  factors jsonb not null default '[]' check (jsonb_typeof(factors) = 'array'),
  rules_version int,
  computed_at timestamptz,
  override_score int check (override_score between 0 and 100),
  override_reason text check (length(override_reason) between 1 and 500),
  override_by uuid,
  override_at timestamptz,
  opinion_points int check (opinion_points between -10 and 10),
  opinion_reason text check (length(opinion_reason) <= 1000),
  opinion_model text,
  opinion_at timestamptz,
  constraint contact_scores_override_check check ((override_score is null) = (override_at is null)),
  constraint contact_scores_opinion_check check ((opinion_points is null) = (opinion_at is null))
);

comment on table public.contact_scores is 'Why a contact has its score. contacts.lead_score is override_score, else score.';
comment on column public.contact_scores.score is 'What the rules say, 0 to 100; null: not scored yet.';
comment on column public.contact_scores.factors is 'Array of {name, points, detail}: the points add up to the score, before it is cut to 0 to 100.';
comment on column public.contact_scores.rules_version is 'Version of the rules that gave it.';
comment on column public.contact_scores.computed_at is 'When; at least once a day, since what is long ago counts less.';
comment on column public.contact_scores.override_score is 'What a seller says instead, until it is cleared.';
comment on column public.contact_scores.override_reason is 'Why, in their words.';
comment on column public.contact_scores.override_by is 'Who said so.';
comment on column public.contact_scores.override_at is 'When.';
comment on column public.contact_scores.opinion_points is 'What a language model would add or take away, -10 to 10; its weight halves every 30 days. Null: never asked.';
comment on column public.contact_scores.opinion_reason is 'The model''s reason.';
comment on column public.contact_scores.opinion_model is 'Model that said so, as provider:model.';
comment on column public.contact_scores.opinion_at is 'When.';

create index contact_scores_workspace_idx on public.contact_scores (workspace_id);
create index contact_scores_age_idx on public.contact_scores (computed_at);

alter table public.contact_scores enable row level security;

create policy select_members on public.contact_scores
  for select to authenticated
  using (workspace_id = any (array(select app.workspaces_with('sales.read'))));

comment on policy select_members on public.contact_scores is 'Who reads sales sees why a contact is hot.';

revoke all on table public.contact_scores from public, anon, authenticated, service_role;
grant select on table public.contact_scores to authenticated, service_role, lamina_worker;

------------------------------------------------------------------------------------------------
-- public.lead_scores
------------------------------------------------------------------------------------------------
create table public.lead_scores (
  id bigint generated always as identity primary key,
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  contact_id uuid not null references public.contacts (id) on delete cascade,
  score int check (score between 0 and 100),
  cause text not null check (cause in ('rules', 'override', 'cleared')),
  factors jsonb not null default '[]',
  rules_version int,
  created_by uuid,
  created_at timestamptz not null default now()
);

comment on table public.lead_scores is 'History: every change of a contact''s score, and of an override.';
comment on column public.lead_scores.score is 'What it became; null after an override that ended before the rules had spoken.';
comment on column public.lead_scores.cause is 'rules: computed anew; override: set by hand; cleared: given back to the rules.';
comment on column public.lead_scores.factors is 'Why, as in contact_scores.';
comment on column public.lead_scores.rules_version is 'Version of the rules; null for an override.';
comment on column public.lead_scores.created_by is 'Who overrode or cleared; null for the rules.';

create index lead_scores_contact_idx on public.lead_scores (contact_id, id desc);
create index lead_scores_workspace_idx on public.lead_scores (workspace_id);

alter table public.lead_scores enable row level security;

create policy select_members on public.lead_scores
  for select to authenticated
  using (workspace_id = any (array(select app.workspaces_with('sales.read'))));

comment on policy select_members on public.lead_scores is 'As the score.';

revoke all on table public.lead_scores from public, anon, authenticated, service_role;
revoke all on sequence public.lead_scores_id_seq from public, anon, authenticated, service_role;
grant select on table public.lead_scores to authenticated, service_role;

------------------------------------------------------------------------------------------------
-- app.score_requests
------------------------------------------------------------------------------------------------
create table app.score_requests (
  contact_id uuid primary key references public.contacts (id) on delete cascade,
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  requested_at timestamptz not null default clock_timestamp()
);

comment on table app.score_requests is
  'Contacts to be scored again. Events write here, a row per contact; a schedule makes one job per workspace of it, so that no event waits for another''s.';
comment on column app.score_requests.requested_at is 'Of the latest event: a request is done when this has not changed since it was read.';

create index score_requests_workspace_idx on app.score_requests (workspace_id, requested_at);

alter table app.score_requests enable row level security;

revoke all on table app.score_requests from public, anon, authenticated, service_role;
grant select on table app.score_requests to lamina_worker;

------------------------------------------------------------------------------------------------
-- Events
------------------------------------------------------------------------------------------------
create function app.request_scores(p_contact_ids uuid[]) returns void
language sql volatile security definer set search_path = ''
begin atomic
  insert into app.score_requests as r (contact_id, workspace_id)
  select c.id, c.workspace_id from public.contacts as c where c.id = any (p_contact_ids) order by c.id for key share
  on conflict (contact_id) do update set requested_at = pg_catalog.clock_timestamp();
end;

comment on function app.request_scores(uuid[]) is 'Has contacts scored within a minute or so; unknown ones are passed over. Holds the contact before its request, as all others do. Internal.';

create function app.request_score_of_contacts() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  if tg_op = 'INSERT' then
    perform app.request_scores(array(select n.id from new_rows as n));
  else
    perform app.request_scores(array(
      select n.id from new_rows as n
      join old_rows as o on o.id = n.id
      where (n.email_key, n.phone_key, n.company, n.job_title, n.lifecycle, n.last_activity_at)
        is distinct from (o.email_key, o.phone_key, o.company, o.job_title, o.lifecycle, o.last_activity_at)));
  end if;
  return null;
end;
$$;

comment on function app.request_score_of_contacts() is 'Trigger, once per statement: a large import is one insert here too.';

create trigger request_scores_insert after insert on public.contacts
  referencing new table as new_rows for each statement execute function app.request_score_of_contacts();
comment on trigger request_scores_insert on public.contacts is 'New contacts are scored.';
create trigger request_scores after update on public.contacts
  referencing old table as old_rows new table as new_rows for each statement execute function app.request_score_of_contacts();
comment on trigger request_scores on public.contacts is 'So are contacts of whom one knows more, or who did something.';

create function app.request_score_of() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  if tg_op <> 'INSERT' then
    perform app.request_scores(array[old.contact_id]);
  end if;
  if tg_op <> 'DELETE' then
    perform app.request_scores(array[new.contact_id]);
  end if;
  return null;
end;
$$;

comment on function app.request_score_of() is 'Trigger for tables with contact_id.';

create trigger request_score after insert or delete or update of status, contact_id on public.leads
  for each row execute function app.request_score_of();
comment on trigger request_score on public.leads is 'Interest counts.';
create trigger request_score after insert or delete or update of stage_id, contact_id on public.deals
  for each row execute function app.request_score_of();
comment on trigger request_score on public.deals is 'And what came of it.';

revoke execute on function app.request_scores(uuid[]) from public, anon, authenticated, service_role;
revoke execute on function app.request_score_of_contacts() from public, anon, authenticated, service_role;
revoke execute on function app.request_score_of() from public, anon, authenticated, service_role;
