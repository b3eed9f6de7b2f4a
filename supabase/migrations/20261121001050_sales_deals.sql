-- Purpose:  deals on their boards, how long each stood in which stage.
-- Risk:     none, new objects only.
-- Way back: drop constraint leads_deal_fkey, the two tables and the functions of this file.
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- public.deals
------------------------------------------------------------------------------------------------
create table public.deals (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  pipeline_id uuid not null,
  stage_id uuid not null,
  title text not null check (length(btrim(title)) between 1 and 200),
  contact_id uuid,
  amount numeric(14, 2) check (amount >= 0),
  currency text not null default 'EUR' check (currency ~ '^[A-Z]{3}$'),
  expected_close date,
  owner_id uuid,
  lost_reason text check (length(lost_reason) between 1 and 500),
  rank bigint not null,
  stage_entered_at timestamptz not null default now(),
  closed_at timestamptz,
  created_by uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint deals_pipeline_fkey foreign key (workspace_id, pipeline_id)
    references public.pipelines (workspace_id, id) on delete cascade,
  constraint deals_stage_fkey foreign key (pipeline_id, stage_id) references public.stages (pipeline_id, id) on delete cascade,
  constraint deals_contact_fkey foreign key (workspace_id, contact_id)
    references public.contacts (workspace_id, id) on delete set null (contact_id),
  constraint deals_owner_fkey foreign key (workspace_id, owner_id)
    references public.workspace_members (workspace_id, user_id) on delete set null (owner_id),
  constraint deals_rank_key unique (stage_id, rank) deferrable initially immediate
);

comment on table public.deals is 'What is being sold to whom. Made by create_deal and convert_lead, moved by move_deal.';
comment on column public.deals.pipeline_id is 'Its board; move_deal takes it to another.';
comment on column public.deals.stage_id is 'Its column.';
comment on column public.deals.title is 'What it is called.';
comment on column public.deals.contact_id is 'Who buys; null while unknown, or when that contact was deleted.';
comment on column public.deals.amount is 'What it is worth, in whole units of the currency; null is unknown, not 0.';
comment on column public.deals.currency is 'ISO 4217 code. Sums never mix currencies.';
comment on column public.deals.expected_close is 'Day on which it should be won: its month in the forecast.';
comment on column public.deals.owner_id is 'Member who sells it; null once that member has left.';
comment on column public.deals.lost_reason is 'Why it was lost.';
comment on column public.deals.rank is 'Order in its column, smallest on top, with gaps: a move writes one row. Its size means nothing else.';
comment on column public.deals.stage_entered_at is 'Since when it stands in its stage.';
comment on column public.deals.closed_at is 'When it was won or lost; null while open.';
comment on column public.deals.created_by is 'Who made it; null for a program.';

create index deals_workspace_idx on public.deals (workspace_id, pipeline_id, closed_at);
create index deals_stage_idx on public.deals (pipeline_id, stage_id);
create index deals_contact_idx on public.deals (workspace_id, contact_id);
create index deals_owner_idx on public.deals (workspace_id, owner_id);

alter table public.deals enable row level security;

create policy select_members on public.deals
  for select to authenticated
  using (workspace_id = any (array(select app.workspaces_with('sales.read'))));
create policy update_sellers on public.deals
  for update to authenticated
  using (workspace_id = any (array(select app.workspaces_with('sales.write'))))
  with check (workspace_id = any (array(select app.workspaces_with('sales.write'))));
create policy delete_sellers on public.deals
  for delete to authenticated
  using (workspace_id = any (array(select app.workspaces_with('sales.write'))));

comment on policy select_members on public.deals is 'Support and marketing see what is being sold.';
comment on policy update_sellers on public.deals is 'Everything but its place on the board, which move_deal writes.';
comment on policy delete_sellers on public.deals is 'Made by mistake; a lost deal is moved to lost.';

revoke all on table public.deals from public, anon, authenticated, service_role;
grant select, delete, update (title, contact_id, amount, currency, expected_close, owner_id, lost_reason)
  on table public.deals to authenticated;
grant select on table public.deals to service_role, lamina_worker;

alter table public.leads add constraint leads_deal_fkey foreign key (deal_id) references public.deals (id) on delete set null;
create index leads_deal_idx on public.leads (deal_id) where deal_id is not null;

create trigger touch_updated_at before update on public.deals
  for each row when (new.rank = old.rank or new.stage_id <> old.stage_id) execute function app.touch_updated_at();
comment on trigger touch_updated_at on public.deals is 'Stamps updated_at, not for a new place in the same column.';
create trigger note_activity after insert or delete on public.deals
  for each row execute function app.note_activity_of('deal');
comment on trigger note_activity on public.deals is 'New deals show in the workspace''s activity, and those that went.';

------------------------------------------------------------------------------------------------
-- public.deal_stage_stays
------------------------------------------------------------------------------------------------
create table public.deal_stage_stays (
  id bigint generated always as identity primary key,
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  deal_id uuid not null references public.deals (id) on delete cascade,
  stage_id uuid references public.stages (id) on delete set null,
  stage_name text not null,
  entered_at timestamptz not null default now(),
  left_at timestamptz check (left_at >= entered_at),
  moved_by uuid
);

comment on table public.deal_stage_stays is 'Every stay of a deal in a stage, in order: where it went, and how long it took.';
comment on column public.deal_stage_stays.stage_id is 'Null once the stage is deleted.';
comment on column public.deal_stage_stays.stage_name is 'What it was called then.';
comment on column public.deal_stage_stays.entered_at is 'When it came there.';
comment on column public.deal_stage_stays.left_at is 'Null while it stands there.';
comment on column public.deal_stage_stays.moved_by is 'Who moved it there; null for a program.';

create index deal_stage_stays_workspace_idx on public.deal_stage_stays (workspace_id);
create index deal_stage_stays_deal_idx on public.deal_stage_stays (deal_id, id);
create index deal_stage_stays_stage_idx on public.deal_stage_stays (stage_id);

alter table public.deal_stage_stays enable row level security;

create policy select_members on public.deal_stage_stays
  for select to authenticated
  using (workspace_id = any (array(select app.workspaces_with('sales.read'))));

comment on policy select_members on public.deal_stage_stays is 'As the deal.';

revoke all on table public.deal_stage_stays from public, anon, authenticated, service_role;
revoke all on sequence public.deal_stage_stays_id_seq from public, anon, authenticated, service_role;
grant select on table public.deal_stage_stays to authenticated, service_role;

------------------------------------------------------------------------------------------------
-- What a move brings with it
------------------------------------------------------------------------------------------------
create function app.note_deal_stage() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_stage public.stages;
begin
  select * into v_stage from public.stages as s where s.id = new.stage_id;
  if tg_op = 'UPDATE' then
    update public.deal_stage_stays as s set left_at = new.stage_entered_at where s.deal_id = new.id and s.left_at is null;
    perform app.note_activity(new.workspace_id, app.user_id(), 'moved', 'deal', new.id,
      jsonb_build_object('title', left(new.title, 200), 'to', v_stage.name));
  end if;
  insert into public.deal_stage_stays (workspace_id, deal_id, stage_id, stage_name, entered_at, moved_by)
  values (new.workspace_id, new.id, new.stage_id, v_stage.name, new.stage_entered_at, app.user_id());
  update public.contacts as c
  set lifecycle = case when v_stage.kind = 'won' then 'customer' else c.lifecycle end, last_activity_at = now()
  where c.id = new.contact_id;
  return null;
end;
$$;

comment on function app.note_deal_stage() is 'Trigger: keeps the stays; the contact is active, and a customer once a deal is won.';

create trigger note_stage_insert after insert on public.deals
  for each row execute function app.note_deal_stage();
comment on trigger note_stage_insert on public.deals is 'The first stay.';
create trigger note_stage after update of stage_id on public.deals
  for each row when (new.stage_id <> old.stage_id) execute function app.note_deal_stage();
comment on trigger note_stage on public.deals is 'And every later one.';

create function app.tell_deal(p_deal public.deals, p_operation text) returns void
language sql volatile security definer set search_path = ''
begin atomic
  select realtime.send(
    pg_catalog.jsonb_build_object(
      'id', p_deal.id, 'operation', p_operation, 'pipeline_id', p_deal.pipeline_id, 'stage_id', p_deal.stage_id),
    'deal', 'workspace:' || p_deal.workspace_id, true);
end;

comment on function app.tell_deal(public.deals, text) is 'A hint to members, without words or sums: read the row.';

create function app.broadcast_deal() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform app.tell_deal(case when tg_op = 'DELETE' then old else new end, tg_op);
  return null;
end;
$$;

comment on function app.broadcast_deal() is 'Tells members that a deal came, changed or went; move_deal tells of moves.';

create trigger broadcast_insert after insert or delete on public.deals
  for each row execute function app.broadcast_deal();
comment on trigger broadcast_insert on public.deals is 'Boards are watched.';
create trigger broadcast_update after update of title, contact_id, amount, currency, expected_close, owner_id, lost_reason on public.deals
  for each row execute function app.broadcast_deal();
comment on trigger broadcast_update on public.deals is 'Not for ranks that are spread: the order stays.';

revoke execute on function app.note_deal_stage() from public, anon, authenticated, service_role;
revoke execute on function app.tell_deal(public.deals, text) from public, anon, authenticated, service_role;
revoke execute on function app.broadcast_deal() from public, anon, authenticated, service_role;
