-- Purpose:  making and taking away boards, places on a board, making and moving deals.
-- Risk:     none, new functions only.
-- Way back: drop the functions of this file.
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- Places: ranks with gaps of 2^32, so that about 30 deals fit between two before ranks are spread again
------------------------------------------------------------------------------------------------
create function app.spread_ranks(p_stage_id uuid, p_rank bigint) returns int
language plpgsql volatile security definer set search_path = '' as $$
declare
  c_gap constant bigint := 4294967296;
  v_half int := 16;
  v_first bigint;
  v_last bigint;
  v_low bigint;
  v_high bigint;
  v_count int;
  v_step bigint;
begin
  loop
    select min(w.rank), max(w.rank), count(*) into v_first, v_last, v_count
    from (
      (select d.rank from public.deals as d where d.stage_id = p_stage_id and d.rank <= p_rank order by d.rank desc limit v_half)
      union all
      (select d.rank from public.deals as d where d.stage_id = p_stage_id and d.rank > p_rank order by d.rank limit v_half)
    ) as w;
    select max(d.rank) into v_low from public.deals as d where d.stage_id = p_stage_id and d.rank < v_first;
    select min(d.rank) into v_high from public.deals as d where d.stage_id = p_stage_id and d.rank > v_last;
    v_step := case when v_low is null or v_high is null then c_gap else (v_high - v_low) / (v_count + 1) end;
    exit when v_step >= 65536;
    v_half := v_half * 4;
  end loop;
  v_low := coalesce(v_low, v_high - v_step * (v_count + 1), 0);
  perform from public.deals as d where d.stage_id = p_stage_id and d.rank between v_first and v_last order by d.id for no key update;
  update public.deals as d
  set rank = v_low + v_step * n.place
  from (
    select o.id, row_number() over (order by o.rank) as place
    from public.deals as o where o.stage_id = p_stage_id and o.rank between v_first and v_last) as n
  where d.id = n.id and d.stage_id = p_stage_id;
  return v_count;
end;
$$;

comment on function app.spread_ranks(uuid, bigint) is
  'Makes room around a rank: spreads 32 neighbours, or four times as many until there is room, and returns how many. The order stays. The caller holds the pipeline. Internal.';

create function app.free_rank(p_stage_id uuid, p_after_deal_id uuid, p_deal_id uuid) returns bigint
language plpgsql volatile security definer set search_path = '' as $$
declare
  c_gap constant bigint := 4294967296;
  v_after bigint;
  v_next bigint;
begin
  loop
    select d.rank into v_after from public.deals as d where d.id = p_after_deal_id;
    select min(d.rank) into v_next from public.deals as d
    where d.stage_id = p_stage_id and d.id is distinct from p_deal_id and (v_after is null or d.rank > v_after);
    if v_after is null then
      return coalesce(v_next - c_gap, 0);
    elsif v_next is null then
      return v_after + c_gap;
    elsif v_next - v_after > 1 then
      return v_after + (v_next - v_after) / 2;
    end if;
    perform app.spread_ranks(p_stage_id, v_after);
  end loop;
end;
$$;

comment on function app.free_rank(uuid, uuid, uuid) is
  'A free rank in a column below a deal, on top without one; the deal to be placed does not count. The caller holds the pipeline. Internal.';

------------------------------------------------------------------------------------------------
-- Boards
------------------------------------------------------------------------------------------------
create function app.create_pipeline(p_workspace_id uuid, p_name text, p_stages jsonb) returns public.pipelines
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_stages jsonb := coalesce(p_stages, '[{"name": "New", "probability": 10}, {"name": "In talks", "probability": 30},
    {"name": "Offer sent", "probability": 60}, {"name": "Won", "kind": "won"}, {"name": "Lost", "kind": "lost"}]');
  v_pipeline public.pipelines;
begin
  perform app.require_permission(p_workspace_id, 'sales.write');
  if not coalesce(jsonb_typeof(v_stages) = 'array' and jsonb_array_length(v_stages) between 3 and 50
    and jsonb_path_exists(v_stages, '$[*] ? (@.kind == "won")') and jsonb_path_exists(v_stages, '$[*] ? (@.kind == "lost")')
    and jsonb_path_exists(v_stages, '$[*] ? (!exists(@.kind) || @.kind == "open")'), false) then
    perform app.fail(400, 'pipeline.bad_stages', 'A pipeline has 3 to 50 stages: one or more open, won and lost ones.',
      'Each is {"name", "kind": "open" | "won" | "lost", "probability": 0 to 100}.');
  end if;
  begin
    insert into public.pipelines (workspace_id, name) values (p_workspace_id, p_name) returning * into v_pipeline;
    insert into public.stages (workspace_id, pipeline_id, name, kind, probability, position)
    select p_workspace_id, v_pipeline.id, s.value ->> 'name', coalesce(s.value ->> 'kind', 'open'),
      case s.value ->> 'kind' when 'won' then 100 when 'lost' then 0 else coalesce((s.value ->> 'probability')::int, 50) end,
      s.place
    from jsonb_array_elements(v_stages) with ordinality as s (value, place);
  exception when check_violation or not_null_violation or data_exception then
    perform app.fail(400, 'pipeline.bad_name', 'A pipeline and its stages have names of 1 to 100 characters and chances of 0 to 100.');
  end;
  perform app.note_activity(p_workspace_id, app.user_id(), 'created', 'pipeline', v_pipeline.id, jsonb_build_object('title', p_name));
  return v_pipeline;
end;
$$;

comment on function app.create_pipeline(uuid, text, jsonb) is 'Behind public.create_pipeline.';

create function app.delete_pipeline(p_pipeline_id uuid) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_pipeline public.pipelines;
begin
  select * into v_pipeline from public.pipelines as p
  where p.id = p_pipeline_id and p.workspace_id = any (array(select app.workspaces_with('sales.read')))
  for update;
  if not found then
    perform app.fail(404, 'pipeline.not_found', 'There is no such pipeline.');
  end if;
  perform app.require_permission(v_pipeline.workspace_id, 'sales.write');
  if exists (select from public.deals as d where d.pipeline_id = p_pipeline_id) then
    perform app.fail(409, 'pipeline.in_use', 'There are deals in this pipeline.', 'Move them to another, or archive this one.');
  end if;
  delete from public.pipelines as p where p.id = p_pipeline_id;
end;
$$;

comment on function app.delete_pipeline(uuid) is 'Behind public.delete_pipeline.';

create function app.archive_pipeline(p_pipeline_id uuid, p_archived boolean) returns public.pipelines
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_pipeline public.pipelines;
begin
  select * into v_pipeline from public.pipelines as p
  where p.id = p_pipeline_id and p.workspace_id = any (array(select app.workspaces_with('sales.read')))
  for no key update;
  if not found then
    perform app.fail(404, 'pipeline.not_found', 'There is no such pipeline.');
  end if;
  perform app.require_permission(v_pipeline.workspace_id, 'sales.write');
  if p_archived and exists (
    select from public.deals as d
    where d.workspace_id = v_pipeline.workspace_id and d.pipeline_id = p_pipeline_id and d.closed_at is null
  ) then
    perform app.fail(409, 'pipeline.has_open_deals', 'There are open deals in this pipeline.', 'Close them, or move them to another first.');
  end if;
  update public.pipelines as p set archived_at = case when p_archived then coalesce(p.archived_at, now()) end
  where p.id = p_pipeline_id
  returning * into v_pipeline;
  return v_pipeline;
end;
$$;

comment on function app.archive_pipeline(uuid, boolean) is 'Behind public.archive_pipeline. Holds the pipeline, as whoever brings a deal does.';

create function app.delete_stage(p_stage_id uuid) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_stage public.stages;
begin
  select * into v_stage from public.stages as s
  where s.id = p_stage_id and s.workspace_id = any (array(select app.workspaces_with('sales.read')));
  if not found then
    perform app.fail(404, 'stage.not_found', 'There is no such stage in this pipeline.');
  end if;
  perform app.require_permission(v_stage.workspace_id, 'sales.write');
  perform from public.pipelines as p where p.id = v_stage.pipeline_id for no key update;
  if exists (select from public.deals as d where d.stage_id = p_stage_id) then
    perform app.fail(409, 'stage.in_use', 'There are deals in this stage.', 'Move them first.');
  elsif not exists (
    select from public.stages as s where s.pipeline_id = v_stage.pipeline_id and s.kind = v_stage.kind and s.id <> p_stage_id) then
    perform app.fail(409, 'stage.last', 'A pipeline keeps one open, one won and one lost stage at least.');
  end if;
  delete from public.stages as s where s.id = p_stage_id;
end;
$$;

comment on function app.delete_stage(uuid) is 'Behind public.delete_stage.';

------------------------------------------------------------------------------------------------
-- Deals
------------------------------------------------------------------------------------------------
create function app.place_deal(p_deal public.deals) returns public.deals
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_stage public.stages;
begin
  if p_deal.pipeline_id is null and p_deal.stage_id is null then
    select p.id into p_deal.pipeline_id from public.pipelines as p
    where p.workspace_id = p_deal.workspace_id and p.archived_at is null order by p.created_at, p.id limit 1;
  end if;
  select s.* into v_stage from public.stages as s
  where s.workspace_id = p_deal.workspace_id and coalesce(s.id = p_deal.stage_id, s.kind = 'open')
    and coalesce(s.pipeline_id = p_deal.pipeline_id, true)
  order by s.position, s.id limit 1;
  if not found then
    perform app.fail(404, 'stage.not_found', 'There is no such stage in this pipeline.', 'Make a pipeline first.');
  end if;
  perform from public.pipelines as p where p.id = v_stage.pipeline_id and p.archived_at is null for no key update;
  if not found then
    perform app.fail(409, 'pipeline.archived', 'This pipeline is archived: it takes no deals.', 'Use another, or take it out of the archive.');
  end if;
  insert into public.deals (
    id, workspace_id, pipeline_id, stage_id, title, contact_id, amount, currency, expected_close, owner_id, rank, closed_at, created_by)
  values (
    coalesce(p_deal.id, gen_random_uuid()), p_deal.workspace_id, v_stage.pipeline_id, v_stage.id, p_deal.title, p_deal.contact_id,
    p_deal.amount, coalesce(p_deal.currency, 'EUR'), p_deal.expected_close, p_deal.owner_id,
    app.free_rank(v_stage.id, null, null), case when v_stage.kind <> 'open' then now() end, app.user_id())
  returning * into p_deal;
  return p_deal;
exception
  when check_violation or not_null_violation or numeric_value_out_of_range then
    perform app.fail(400, 'deal.bad_field', 'A deal has a title of 1 to 200 characters, no negative amount, a currency like EUR.');
  when foreign_key_violation then
    perform app.fail(404, 'deal.unknown_reference', 'There is no such contact or member in this workspace.');
end;
$$;

comment on function app.place_deal(public.deals) is
  'Writes a new deal on top of its stage; without stage or pipeline into the first open stage, of the oldest pipeline in use. Checks no rights. Internal.';

create function app.move_deal(p_deal_id uuid, p_stage_id uuid, p_after_deal_id uuid, p_lost_reason text) returns public.deals
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_deal public.deals;
  v_stage public.stages;
  v_rank bigint;
begin
  select * into v_deal from public.deals as d
  where d.id = p_deal_id and d.workspace_id = any (array(select app.workspaces_with('sales.read')));
  if not found then
    perform app.fail(404, 'deal.not_found', 'There is no such deal.');
  end if;
  perform app.require_permission(v_deal.workspace_id, 'sales.write');
  perform from public.pipelines as p
  where p.id in (v_deal.pipeline_id, (
    select s.pipeline_id from public.stages as s where s.id = p_stage_id and s.workspace_id = v_deal.workspace_id))
  order by p.id for no key update;
  select * into v_stage from public.stages as s where s.id = p_stage_id and s.workspace_id = v_deal.workspace_id;
  if not found then
    perform app.fail(404, 'stage.not_found', 'There is no such stage in this workspace.');
  elsif exists (select from public.deals as d where d.id = p_deal_id and d.pipeline_id <> v_deal.pipeline_id) then
    perform app.fail(409, 'deal.moved_away', 'Somebody has moved the deal to another pipeline.', 'Read the board again.');
  elsif exists (select from public.pipelines as p where p.id = v_stage.pipeline_id and p.archived_at is not null) then
    perform app.fail(409, 'pipeline.archived', 'This pipeline is archived: it takes no deals.', 'Use another, or take it out of the archive.');
  elsif p_after_deal_id is not null and not exists (
    select from public.deals as d where d.id = p_after_deal_id and d.stage_id = p_stage_id and d.id <> p_deal_id) then
    perform app.fail(409, 'deal.neighbour_moved', 'The deal above it is no longer in that stage.', 'Read the board again.');
  elsif length(p_lost_reason) not between 1 and 500 then
    perform app.fail(400, 'deal.bad_reason', 'A reason has 1 to 500 characters.');
  end if;
  v_rank := app.free_rank(p_stage_id, p_after_deal_id, p_deal_id);
  update public.deals as d
  set pipeline_id = v_stage.pipeline_id, stage_id = p_stage_id, rank = v_rank,
    stage_entered_at = case when d.stage_id = p_stage_id then d.stage_entered_at else greatest(d.stage_entered_at, clock_timestamp()) end,
    closed_at = case when v_stage.kind = 'open' then null when d.stage_id = p_stage_id then d.closed_at else now() end,
    lost_reason = case when v_stage.kind = 'lost' then coalesce(p_lost_reason, d.lost_reason) end
  where d.id = p_deal_id
  returning * into v_deal;
  if not found then
    perform app.fail(404, 'deal.not_found', 'There is no such deal.');
  end if;
  perform app.tell_deal(v_deal, 'MOVE');
  return v_deal;
end;
$$;

comment on function app.move_deal(uuid, uuid, uuid, text) is
  'Behind public.move_deal. Moves on one board happen one after the other: they lock its pipeline, between two boards both, in the order of their ids.';

revoke execute on function app.spread_ranks(uuid, bigint) from public, anon, authenticated, service_role;
revoke execute on function app.free_rank(uuid, uuid, uuid) from public, anon, authenticated, service_role;
revoke execute on function app.create_pipeline(uuid, text, jsonb) from public, anon, authenticated, service_role;
revoke execute on function app.delete_pipeline(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.archive_pipeline(uuid, boolean) from public, anon, authenticated, service_role;
revoke execute on function app.delete_stage(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.place_deal(public.deals) from public, anon, authenticated, service_role;
revoke execute on function app.move_deal(uuid, uuid, uuid, text) from public, anon, authenticated, service_role;
grant execute on function app.create_pipeline(uuid, text, jsonb) to authenticated;
grant execute on function app.delete_pipeline(uuid) to authenticated;
grant execute on function app.archive_pipeline(uuid, boolean) to authenticated;
grant execute on function app.delete_stage(uuid) to authenticated;
grant execute on function app.move_deal(uuid, uuid, uuid, text) to authenticated;
