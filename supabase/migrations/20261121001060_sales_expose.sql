-- Purpose:  what a browser does with boards, deals and leads; the forecast.
-- Risk:     none, new functions only.
-- Way back: drop the functions of this file.
set local lock_timeout = '5s';

create function app.create_deal(p_deal public.deals) returns public.deals
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_deal public.deals;
begin
  perform app.require_permission(p_deal.workspace_id, 'sales.write');
  if p_deal.id is not null then
    perform app.lock_ordering_key(format('deal:%s', p_deal.id));
    select * into v_deal from public.deals as d where d.id = p_deal.id;
    if found and v_deal.workspace_id = p_deal.workspace_id then
      return v_deal;
    elsif found then
      perform app.fail(409, 'deal.id_taken', 'This id is taken.');
    end if;
  end if;
  return app.place_deal(p_deal);
end;
$$;

comment on function app.create_deal(public.deals) is 'Behind public.create_deal.';

create function public.create_deal(
  p_workspace_id uuid, p_title text, p_contact_id uuid default null, p_amount numeric default null, p_currency text default 'EUR',
  p_expected_close date default null, p_pipeline_id uuid default null, p_stage_id uuid default null, p_owner_id uuid default null,
  p_deal_id uuid default null
) returns public.deals
language plpgsql volatile security invoker set search_path = '' as $$
declare
  v_deal public.deals;
begin
  v_deal.id := p_deal_id;
  v_deal.workspace_id := p_workspace_id;
  v_deal.pipeline_id := p_pipeline_id;
  v_deal.stage_id := p_stage_id;
  v_deal.title := p_title;
  v_deal.contact_id := p_contact_id;
  v_deal.amount := p_amount;
  v_deal.currency := p_currency;
  v_deal.expected_close := p_expected_close;
  v_deal.owner_id := p_owner_id;
  return app.create_deal(v_deal);
end;
$$;

comment on function public.create_deal(uuid, text, uuid, numeric, text, date, uuid, uuid, uuid, uuid) is
  'Puts a deal on top of a stage: the first open one, of the oldest pipeline in use, unless told otherwise. A p_deal_id of your own makes it safe to repeat. Errors: workspace.forbidden, stage.not_found, pipeline.archived, deal.bad_field, deal.unknown_reference, deal.id_taken.';

create function app.convert_lead(p_lead_id uuid, p_deal public.deals) returns public.deals
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_lead public.leads;
  v_deal public.deals;
begin
  select * into v_lead from public.leads as l
  where l.id = p_lead_id and l.workspace_id = any (array(select app.workspaces_with('sales.read')))
  for no key update;
  if not found then
    perform app.fail(404, 'lead.not_found', 'There is no such lead.');
  end if;
  perform app.require_permission(v_lead.workspace_id, 'sales.write');
  if v_lead.status = 'converted' then
    select * into v_deal from public.deals as d where d.id = v_lead.deal_id;
    if not found then
      perform app.fail(409, 'lead.converted', 'This lead became a deal, which was deleted since.', 'Make a new lead or deal.');
    end if;
    return v_deal;
  elsif v_lead.status = 'unqualified' then
    perform app.fail(409, 'lead.unqualified', 'This lead came to nothing.', 'Give it another status first.');
  end if;
  p_deal.workspace_id := v_lead.workspace_id;
  p_deal.title := coalesce(p_deal.title, v_lead.interest);
  p_deal.contact_id := v_lead.contact_id;
  p_deal.owner_id := coalesce(v_lead.owner_id, (
    select m.user_id from public.workspace_members as m where m.workspace_id = v_lead.workspace_id and m.user_id = app.user_id()));
  v_deal := app.place_deal(p_deal);
  update public.leads as l set status = 'converted', converted_at = now(), deal_id = v_deal.id where l.id = p_lead_id;
  return v_deal;
end;
$$;

comment on function app.convert_lead(uuid, public.deals) is 'Behind public.convert_lead.';

create function public.convert_lead(
  p_lead_id uuid, p_title text default null, p_amount numeric default null, p_currency text default 'EUR',
  p_expected_close date default null, p_pipeline_id uuid default null, p_stage_id uuid default null
) returns public.deals
language plpgsql volatile security invoker set search_path = '' as $$
declare
  v_deal public.deals;
begin
  v_deal.title := p_title;
  v_deal.amount := p_amount;
  v_deal.currency := p_currency;
  v_deal.expected_close := p_expected_close;
  v_deal.pipeline_id := p_pipeline_id;
  v_deal.stage_id := p_stage_id;
  return app.convert_lead(p_lead_id, v_deal);
end;
$$;

comment on function public.convert_lead(uuid, text, numeric, text, date, uuid, uuid) is
  'Makes a deal of a lead, called as the lead''s interest unless told otherwise, owned by the lead''s owner or you. Repeating it returns that deal. Errors: lead.not_found, lead.unqualified, lead.converted, stage.not_found, pipeline.archived, deal.bad_field, workspace.forbidden.';

create function public.move_deal(p_deal_id uuid, p_stage_id uuid, p_after_deal_id uuid default null, p_lost_reason text default null)
returns public.deals
language sql volatile security invoker set search_path = '' as $$
  select * from app.move_deal(p_deal_id, p_stage_id, p_after_deal_id, p_lost_reason);
$$;

comment on function public.move_deal(uuid, uuid, uuid, text) is
  'Moves a deal to a stage of its pipeline or of another one of the workspace: below another deal there, on top without one. Errors: deal.not_found, stage.not_found, pipeline.archived, deal.neighbour_moved, deal.moved_away, deal.bad_reason, workspace.forbidden.';

create function public.create_pipeline(p_workspace_id uuid, p_name text, p_stages jsonb default null) returns public.pipelines
language sql volatile security invoker set search_path = '' as $$
  select * from app.create_pipeline(p_workspace_id, p_name, p_stages);
$$;

comment on function public.create_pipeline(uuid, text, jsonb) is
  'Makes a board: p_stages is an array of {name, kind, probability} from left to right; without it, five usual ones in English. Errors: pipeline.bad_stages, pipeline.bad_name, workspace.forbidden.';

create function public.delete_pipeline(p_pipeline_id uuid) returns void
language sql volatile security invoker set search_path = ''
begin atomic
  select app.delete_pipeline(p_pipeline_id);
end;

comment on function public.delete_pipeline(uuid) is
  'Deletes a board without deals. Errors: pipeline.not_found, pipeline.in_use, workspace.forbidden.';

create function public.archive_pipeline(p_pipeline_id uuid, p_archived boolean default true) returns public.pipelines
language sql volatile security invoker set search_path = ''
begin atomic
  select * from app.archive_pipeline(p_pipeline_id, p_archived);
end;

comment on function public.archive_pipeline(uuid, boolean) is
  'Retires a board whose deals are won or lost: they stay, to be read and counted, and none comes in; with p_archived false it is in use again. Errors: pipeline.not_found, pipeline.has_open_deals, workspace.forbidden.';

create function public.delete_stage(p_stage_id uuid) returns void
language sql volatile security invoker set search_path = ''
begin atomic
  select app.delete_stage(p_stage_id);
end;

comment on function public.delete_stage(uuid) is
  'Deletes a stage without deals. Errors: stage.not_found, stage.in_use, stage.last, workspace.forbidden.';

------------------------------------------------------------------------------------------------
-- Looking ahead and back
------------------------------------------------------------------------------------------------
create function public.deal_forecast(
  p_workspace_id uuid, p_pipeline_id uuid default null, p_from date default null, p_to date default null
) returns table (
  month date, currency text, open_count bigint, open_amount numeric, weighted_amount numeric, won_count bigint, won_amount numeric,
  unknown_amounts bigint)
language plpgsql stable security invoker set search_path = '' as $$
begin
  perform app.require_permission(p_workspace_id, 'sales.read');
  return query
    select date_trunc('month', x.day)::date, x.deal_currency,
      count(*) filter (where x.kind = 'open'),
      coalesce(sum(x.amount) filter (where x.kind = 'open'), 0),
      round(coalesce(sum(x.amount * x.probability / 100) filter (where x.kind = 'open'), 0), 2),
      count(*) filter (where x.kind = 'won'),
      coalesce(sum(x.amount) filter (where x.kind = 'won'), 0),
      count(*) filter (where x.amount is null)
    from (
      select d.amount, d.currency as deal_currency, s.kind, s.probability,
        case s.kind when 'open' then d.expected_close else (d.closed_at at time zone 'UTC')::date end as day
      from public.deals as d
      join public.stages as s on s.id = d.stage_id
      where d.workspace_id = p_workspace_id and s.kind in ('open', 'won') and (p_pipeline_id is null or d.pipeline_id = p_pipeline_id)
    ) as x
    where (p_from is null or x.day >= p_from) and (p_to is null or x.day <= p_to)
    group by 1, 2
    order by 1 nulls last, 2;
end;
$$;

comment on function public.deal_forecast(uuid, uuid, date, date) is
  'Open deals by the month in which they should close, weighted by the chance of their stage, and won ones by the month in which they were (UTC), per currency. A null month: no day was set. Deals without amount are counted and add nothing to sums. Errors: workspace.not_found, workspace.forbidden.';

create function public.stage_times(p_pipeline_id uuid)
returns table (stage_id uuid, stage_name text, standing bigint, passed bigint, average_days numeric)
language sql stable security invoker set search_path = ''
begin atomic
  select s.id, s.name,
    count(*) filter (where t.id is not null and t.left_at is null),
    count(t.left_at),
    round(avg(extract(epoch from t.left_at - t.entered_at)) / 86400, 2)
  from public.stages as s
  left join public.deal_stage_stays as t on t.stage_id = s.id
  where s.pipeline_id = p_pipeline_id
  group by s.id
  order by s.position, s.id;
end;

comment on function public.stage_times(uuid) is
  'How many deals stand in each stage, how many left it, and after how many days on average (null: none yet).';

revoke execute on function app.create_deal(public.deals) from public, anon, authenticated, service_role;
revoke execute on function public.create_deal(uuid, text, uuid, numeric, text, date, uuid, uuid, uuid, uuid)
  from public, anon, authenticated, service_role;
revoke execute on function app.convert_lead(uuid, public.deals) from public, anon, authenticated, service_role;
revoke execute on function public.convert_lead(uuid, text, numeric, text, date, uuid, uuid) from public, anon, authenticated, service_role;
revoke execute on function public.move_deal(uuid, uuid, uuid, text) from public, anon, authenticated, service_role;
revoke execute on function public.create_pipeline(uuid, text, jsonb) from public, anon, authenticated, service_role;
revoke execute on function public.delete_pipeline(uuid) from public, anon, authenticated, service_role;
revoke execute on function public.archive_pipeline(uuid, boolean) from public, anon, authenticated, service_role;
revoke execute on function public.delete_stage(uuid) from public, anon, authenticated, service_role;
revoke execute on function public.deal_forecast(uuid, uuid, date, date) from public, anon, authenticated, service_role;
revoke execute on function public.stage_times(uuid) from public, anon, authenticated, service_role;
grant execute on function app.create_deal(public.deals) to authenticated;
grant execute on function public.create_deal(uuid, text, uuid, numeric, text, date, uuid, uuid, uuid, uuid) to authenticated;
grant execute on function app.convert_lead(uuid, public.deals) to authenticated;
grant execute on function public.convert_lead(uuid, text, numeric, text, date, uuid, uuid) to authenticated;
grant execute on function public.move_deal(uuid, uuid, uuid, text) to authenticated;
grant execute on function public.create_pipeline(uuid, text, jsonb) to authenticated;
grant execute on function public.delete_pipeline(uuid) to authenticated;
grant execute on function public.archive_pipeline(uuid, boolean) to authenticated;
grant execute on function public.delete_stage(uuid) to authenticated;
grant execute on function public.deal_forecast(uuid, uuid, date, date) to authenticated;
grant execute on function public.stage_times(uuid) to authenticated;
