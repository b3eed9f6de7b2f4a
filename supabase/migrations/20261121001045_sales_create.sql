-- Purpose:  pipelines with their stages, and leads: contacts who want something.
-- Risk:     none, new objects only.
-- Way back: drop the three tables and app.note_lead.
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- public.pipelines
------------------------------------------------------------------------------------------------
create table public.pipelines (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  name text not null check (length(btrim(name)) between 1 and 100),
  archived_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (workspace_id, id)
);

comment on table public.pipelines is 'Ways in which a workspace sells; each is a board of stages. Whoever moves a deal locks its row.';
comment on column public.pipelines.name is 'As the board is headed.';
comment on column public.pipelines.archived_at is 'Since when it is retired: its deals are won or lost, and none comes in. Null: in use.';

alter table public.pipelines enable row level security;

create policy select_members on public.pipelines
  for select to authenticated
  using (workspace_id = any (array(select app.workspaces_with('sales.read'))));
create policy update_sellers on public.pipelines
  for update to authenticated
  using (workspace_id = any (array(select app.workspaces_with('sales.write'))))
  with check (workspace_id = any (array(select app.workspaces_with('sales.write'))));

comment on policy select_members on public.pipelines is 'Who reads sales.';
comment on policy update_sellers on public.pipelines is 'Sellers rename it; it is made, archived and deleted by functions.';

revoke all on table public.pipelines from public, anon, authenticated, service_role;
grant select, update (name) on table public.pipelines to authenticated;
grant select on table public.pipelines to service_role, lamina_worker;

create trigger touch_updated_at before update on public.pipelines
  for each row execute function app.touch_updated_at();
comment on trigger touch_updated_at on public.pipelines is 'Stamps updated_at.';

------------------------------------------------------------------------------------------------
-- public.stages
------------------------------------------------------------------------------------------------
create table public.stages (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  pipeline_id uuid not null,
  name text not null check (length(btrim(name)) between 1 and 100),
  kind text not null default 'open' check (kind in ('open', 'won', 'lost')),
  probability int not null check (probability between 0 and 100),
  position int not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint stages_pipeline_fkey foreign key (workspace_id, pipeline_id)
    references public.pipelines (workspace_id, id) on delete cascade,
  constraint stages_certain_check check (kind = 'open' or probability = case kind when 'won' then 100 else 0 end),
  unique (pipeline_id, id)
);

comment on table public.stages is 'Columns of a board, from left to right.';
comment on column public.stages.pipeline_id is 'The board it is a column of.';
comment on column public.stages.name is 'As the column is headed.';
comment on column public.stages.kind is 'open: being sold; won and lost: closed. It never changes.';
comment on column public.stages.probability is 'Chance in percent that a deal here is won, for the forecast: 100 when won, 0 when lost.';
comment on column public.stages.position is 'Order of the columns.';

create index stages_pipeline_idx on public.stages (workspace_id, pipeline_id, position);

alter table public.stages enable row level security;

create policy select_members on public.stages
  for select to authenticated
  using (workspace_id = any (array(select app.workspaces_with('sales.read'))));
create policy insert_sellers on public.stages
  for insert to authenticated
  with check (workspace_id = any (array(select app.workspaces_with('sales.write'))));
create policy update_sellers on public.stages
  for update to authenticated
  using (workspace_id = any (array(select app.workspaces_with('sales.write'))))
  with check (workspace_id = any (array(select app.workspaces_with('sales.write'))));

comment on policy select_members on public.stages is 'As their pipeline.';
comment on policy insert_sellers on public.stages is 'Sellers add columns; delete_stage takes an empty one away.';
comment on policy update_sellers on public.stages is 'Name, probability and order.';

revoke all on table public.stages from public, anon, authenticated, service_role;
grant select, insert (workspace_id, pipeline_id, name, kind, probability, position), update (name, probability, position)
  on table public.stages to authenticated;
grant select on table public.stages to service_role, lamina_worker;

create trigger touch_updated_at before update on public.stages
  for each row execute function app.touch_updated_at();
comment on trigger touch_updated_at on public.stages is 'Stamps updated_at.';

create function app.guard_stage_count() returns trigger
language plpgsql volatile security invoker set search_path = '' as $$
begin
  perform from public.pipelines as p where p.id = new.pipeline_id for no key update;
  if (select count(*) from public.stages as s where s.pipeline_id = new.pipeline_id) >= 50 then
    perform app.fail(409, 'stage.too_many', 'A pipeline has at most 50 stages.', 'Delete an empty one, or make another pipeline.');
  end if;
  return new;
end;
$$;

comment on function app.guard_stage_count() is 'Trigger: no board of endless width. Holds the pipeline, so that two who add count each other.';

create trigger guard_stage_count before insert on public.stages
  for each row execute function app.guard_stage_count();
comment on trigger guard_stage_count on public.stages is 'As create_pipeline allows, so here.';

------------------------------------------------------------------------------------------------
-- public.leads
------------------------------------------------------------------------------------------------
create table public.leads (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  contact_id uuid not null,
  interest text not null check (length(btrim(interest)) between 1 and 200),
  status text not null default 'new' check (status in ('new', 'working', 'qualified', 'unqualified', 'converted')),
  source text check (length(source) between 1 and 100),
  note text not null default '' check (length(note) <= 4000),
  owner_id uuid,
  deal_id uuid,
  converted_at timestamptz,
  created_by uuid default app.user_id(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint leads_contact_fkey foreign key (workspace_id, contact_id)
    references public.contacts (workspace_id, id) on delete cascade,
  constraint leads_owner_fkey foreign key (workspace_id, owner_id)
    references public.workspace_members (workspace_id, user_id) on delete set null (owner_id),
  constraint leads_converted_check check ((status = 'converted') = (converted_at is not null))
);

comment on table public.leads is 'A contact with an interest, until it is a deal or comes to nothing.';
comment on column public.leads.contact_id is 'Who is interested; the lead goes with them.';
comment on column public.leads.interest is 'What they want, in a few words; the deal is called so.';
comment on column public.leads.status is 'new, working, qualified, unqualified as sellers say; converted by convert_lead only, and for good.';
comment on column public.leads.source is 'Where it came from: website, phone, fair.';
comment on column public.leads.note is 'What sellers write about it.';
comment on column public.leads.owner_id is 'Member who works on it.';
comment on column public.leads.deal_id is 'What it became; null again when that deal is deleted.';
comment on column public.leads.converted_at is 'When it became a deal. No client may write it, so none can convert or undo that by itself.';
comment on column public.leads.created_by is 'Who wrote it down; null for a program.';

create index leads_workspace_idx on public.leads (workspace_id, created_at desc, id);
create index leads_contact_idx on public.leads (workspace_id, contact_id);
create index leads_owner_idx on public.leads (workspace_id, owner_id);

alter table public.leads enable row level security;

create policy select_members on public.leads
  for select to authenticated
  using (workspace_id = any (array(select app.workspaces_with('sales.read'))));
create policy insert_sellers on public.leads
  for insert to authenticated
  with check (workspace_id = any (array(select app.workspaces_with('sales.write'))));
create policy update_sellers on public.leads
  for update to authenticated
  using (workspace_id = any (array(select app.workspaces_with('sales.write'))))
  with check (workspace_id = any (array(select app.workspaces_with('sales.write'))));
create policy delete_sellers on public.leads
  for delete to authenticated
  using (workspace_id = any (array(select app.workspaces_with('sales.write'))));

comment on policy select_members on public.leads is 'Support and marketing see who is being won.';
comment on policy insert_sellers on public.leads is 'A contact shows interest.';
comment on policy update_sellers on public.leads is 'Work on it.';
comment on policy delete_sellers on public.leads is 'Written by mistake.';

revoke all on table public.leads from public, anon, authenticated, service_role;
grant select, delete, insert (id, workspace_id, contact_id, interest, status, source, note, owner_id),
  update (interest, status, source, note, owner_id) on table public.leads to authenticated;
grant select on table public.leads to service_role, lamina_worker;

create trigger touch_updated_at before update on public.leads
  for each row execute function app.touch_updated_at();
comment on trigger touch_updated_at on public.leads is 'Stamps updated_at.';

create function app.note_lead() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  update public.contacts as c
  set lifecycle = case when new.status in ('qualified', 'converted') then 'qualified' else 'lead' end
  where c.id = new.contact_id
    and (c.lifecycle = 'subscriber' or (c.lifecycle = 'lead' and new.status in ('qualified', 'converted')))
    and new.status <> 'unqualified';
  return null;
end;
$$;

comment on function app.note_lead() is 'Trigger: a contact with an interest is a lead, with a good one qualified. Nobody falls back.';

create trigger note_lead after insert or update of status on public.leads
  for each row execute function app.note_lead();
comment on trigger note_lead on public.leads is 'Moves the contact''s lifecycle forward.';

create trigger note_activity after insert on public.leads
  for each row execute function app.note_activity_of('lead');
comment on trigger note_activity on public.leads is 'A new lead shows in the workspace''s activity.';

revoke execute on function app.guard_stage_count() from public, anon, authenticated, service_role;
revoke execute on function app.note_lead() from public, anon, authenticated, service_role;
