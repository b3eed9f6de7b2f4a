-- Purpose:  what people do with a campaign: schedule, take back, pause, resume, cancel; its numbers counted anew.
-- Risk:     none, new functions only.
-- Way back: drop the functions of this file.
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- Numbers
------------------------------------------------------------------------------------------------
create function app.roll_up_campaign(p_campaign_id uuid) returns void
language sql volatile security definer set search_path = ''
begin atomic
  insert into public.campaign_stats as s (
    campaign_id, workspace_id, recipients, waiting, sent, delivered, bounced, complained, failed, skipped, cancelled, unknown,
    opened, clicked, unsubscribed, opens, clicks)
  select c.id, c.workspace_id, count(r.id), count(*) filter (where r.status in ('queued', 'sending')),
    count(*) filter (where r.status in ('sent', 'delivered', 'bounced', 'complained')),
    count(*) filter (where r.status in ('delivered', 'complained')), count(*) filter (where r.status = 'bounced'),
    count(*) filter (where r.status = 'complained'), count(*) filter (where r.status = 'failed'),
    count(*) filter (where r.status = 'skipped'), count(*) filter (where r.status = 'cancelled'),
    count(*) filter (where r.status = 'unknown'), count(r.opened_at), count(r.clicked_at), count(r.unsubscribed_at),
    coalesce(sum(r.opens), 0), coalesce(sum(r.clicks), 0)
  from public.campaigns as c left join public.campaign_recipients as r on r.campaign_id = c.id
  where c.id = p_campaign_id
  group by c.id, c.workspace_id
  on conflict (campaign_id) do update set
    recipients = excluded.recipients, waiting = excluded.waiting, sent = excluded.sent, delivered = excluded.delivered,
    bounced = excluded.bounced, complained = excluded.complained, failed = excluded.failed, skipped = excluded.skipped,
    cancelled = excluded.cancelled, unknown = excluded.unknown, opened = excluded.opened, clicked = excluded.clicked,
    unsubscribed = excluded.unsubscribed, opens = excluded.opens, clicks = excluded.clicks, updated_at = pg_catalog.now()
  where (s.recipients, s.waiting, s.sent, s.delivered, s.bounced, s.complained, s.failed, s.skipped, s.cancelled, s.unknown,
      s.opened, s.clicked, s.unsubscribed, s.opens, s.clicks)
    is distinct from (excluded.recipients, excluded.waiting, excluded.sent, excluded.delivered, excluded.bounced,
      excluded.complained, excluded.failed, excluded.skipped, excluded.cancelled, excluded.unknown,
      excluded.opened, excluded.clicked, excluded.unsubscribed, excluded.opens, excluded.clicks);
end;

comment on function app.roll_up_campaign(uuid) is 'Counts a campaign''s recipients; unchanged numbers are not written and not told.';

create function app.queue_roll_up(p_campaign_id uuid, p_workspace_id uuid) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_slot bigint := ceil(extract(epoch from clock_timestamp()) / 3)::bigint * 3;
begin
  perform app.enqueue('marketing.roll_up', p_workspace_id, p_campaign_id,
    p_dedupe_key => format('campaign:%s:%s', p_campaign_id, v_slot), p_run_at => to_timestamp(v_slot + 1));
end;
$$;

comment on function app.queue_roll_up(uuid, uuid) is
  'Numbers are counted at most every three seconds, and always after the last event: its slot''s job begins when the slot is over. Internal.';

------------------------------------------------------------------------------------------------
-- Batches
------------------------------------------------------------------------------------------------
create function app.queue_batches(p_campaign_id uuid, p_workspace_id uuid) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_batch int;
  v_key text;
begin
  for v_batch in
    select distinct r.batch from public.campaign_recipients as r
    where r.campaign_id = p_campaign_id and r.status = 'queued' order by 1
  loop
    v_key := format('campaign:%s:%s', p_campaign_id, v_batch);
    perform from public.jobs as j
    where j.ordering_key = v_key and j.gate <> 'closed' and j.status = 'queued'
    limit 1
    for no key update skip locked;
    if not found then
      perform app.enqueue('marketing.send_batch', p_workspace_id, p_campaign_id, jsonb_build_object('batch', v_batch),
        p_ordering_key => v_key);
    end if;
  end loop;
end;
$$;

comment on function app.queue_batches(uuid, uuid) is
  'A job for each batch in which someone waits, unless one is queued, which is held until this is committed: one that runs may have seen "paused" already. Two jobs of one batch never run at a time. Internal.';

create function app.end_campaign_batch(p_campaign_id uuid) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_campaign public.campaigns;
begin
  select * into v_campaign from public.campaigns as c where c.id = p_campaign_id for no key update;
  if not found then
    return;
  end if;
  if v_campaign.status = 'sending' and not exists (
    select from public.campaign_recipients as r where r.campaign_id = p_campaign_id and r.status in ('queued', 'sending'))
  then
    update public.campaigns as c set status = 'sent', finished_at = now() where c.id = p_campaign_id;
  end if;
  perform app.queue_roll_up(p_campaign_id, v_campaign.workspace_id);
end;
$$;

comment on function app.end_campaign_batch(uuid) is
  'With the end of a batch''s job: the last one ends the campaign. The lock makes those that end at once see each other. Internal.';

create function app.pause_campaign(p_campaign_id uuid, p_error_code text, p_error_message text) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_campaign public.campaigns;
begin
  update public.campaigns as c set status = 'paused', error_code = p_error_code, error_message = left(p_error_message, 500)
  where c.id = p_campaign_id and c.status = 'sending'
  returning * into v_campaign;
  if not found then
    return;
  end if;
  perform app.audit(v_campaign.workspace_id, 'campaign.paused', p_campaign_id::text, jsonb_build_object('error_code', p_error_code));
  perform app.notify('campaign_paused', m.user_id, m.workspace_id, null,
    concat_ws(':', 'campaign', p_campaign_id, m.user_id, extract(epoch from now())),
    jsonb_build_object('campaign_id', p_campaign_id, 'title', v_campaign.name, 'reason', v_campaign.error_message, 'error_code', p_error_code))
  from public.workspace_members as m
  join public.role_permissions as r on r.role = m.role and r.permission = 'campaigns.write'
  where m.workspace_id = v_campaign.workspace_id;
end;
$$;

comment on function app.pause_campaign(uuid, text, text) is
  'A campaign that stops by itself: it says why, and those who may send campaigns are told, once a pause. Whoever waits goes on waiting. Internal.';

------------------------------------------------------------------------------------------------
-- Moves
------------------------------------------------------------------------------------------------
create function app.lock_campaign(p_campaign_id uuid, p_from text[]) returns public.campaigns
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_campaign public.campaigns;
begin
  perform app.require_user();
  select * into v_campaign from public.campaigns as c
  where c.id = p_campaign_id and c.workspace_id = any (array(select app.workspaces_with('campaigns.read')))
  for no key update;
  if not found then
    perform app.fail(404, 'campaign.not_found', 'There is no such campaign.');
  end if;
  perform app.require_permission(v_campaign.workspace_id, 'campaigns.write');
  if v_campaign.status <> all (p_from) then
    perform app.fail(409, 'campaign.wrong_state',
      format('The campaign is %s; this needs one that is %s.', v_campaign.status, array_to_string(p_from, ' or ')));
  end if;
  return v_campaign;
end;
$$;

comment on function app.lock_campaign(uuid, text[]) is 'The campaign, when the caller may send it and it is in one of these states. Internal.';

create function app.move_campaign(p_campaign_id uuid, p_from text[], p_to text) returns public.campaigns
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_campaign public.campaigns := app.lock_campaign(p_campaign_id, p_from);
begin
  if p_to = 'sending' then
    perform app.require_entitlement(v_campaign.workspace_id, 'campaigns');
  end if;
  update public.campaigns as c
  set status = p_to, finished_at = case p_to when 'cancelled' then now() end,
    scheduled_at = case p_to when 'draft' then null else c.scheduled_at end, error_code = null, error_message = null
  where c.id = p_campaign_id
  returning * into v_campaign;
  if p_to = 'sending' then
    perform app.queue_batches(p_campaign_id, v_campaign.workspace_id);
  elsif p_to = 'cancelled' then
    update public.campaign_recipients as r set status = 'cancelled' where r.campaign_id = p_campaign_id and r.status = 'queued';
  end if;
  perform app.queue_roll_up(p_campaign_id, v_campaign.workspace_id);
  perform app.audit(v_campaign.workspace_id, 'campaign.' || p_to, p_campaign_id::text);
  if p_to = 'sending' then
    perform app.end_campaign_batch(p_campaign_id);
  end if;
  return v_campaign;
end;
$$;

comment on function app.move_campaign(uuid, text[], text) is
  'Pause, resume, cancel, take back. Jobs are not touched: a batch asks for the state before each ten mails. Internal.';

create function app.schedule_campaign(p_campaign_id uuid, p_at timestamptz) returns public.campaigns
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_campaign public.campaigns := app.lock_campaign(p_campaign_id, '{draft}');
begin
  perform app.require_entitlement(v_campaign.workspace_id, 'campaigns');
  if v_campaign.subject !~ '\S' or v_campaign.body !~ '\S' then
    perform app.fail(400, 'campaign.incomplete', 'A campaign needs a subject and a text.');
  elsif v_campaign.segment_id is null then
    perform app.fail(400, 'campaign.no_segment', 'The campaign has no segment: it goes to nobody.');
  elsif not exists (select from public.marketing_settings as s where s.workspace_id = v_campaign.workspace_id) then
    perform app.fail(409, 'campaign.no_sender', 'It is not said yet who campaigns are from.', 'Write a row into marketing_settings.');
  elsif p_at > now() + interval '1 year' then
    perform app.fail(400, 'campaign.bad_time', 'A campaign is scheduled at most a year ahead.');
  end if;
  update public.campaigns as c
  set status = 'scheduled', scheduled_at = greatest(now(), p_at), error_code = null, error_message = null
  where c.id = p_campaign_id
  returning * into v_campaign;
  perform app.enqueue('marketing.start_campaign', v_campaign.workspace_id, p_campaign_id, p_run_at => v_campaign.scheduled_at);
  perform app.audit(v_campaign.workspace_id, 'campaign.scheduled', p_campaign_id::text,
    jsonb_build_object('at', v_campaign.scheduled_at));
  return v_campaign;
end;
$$;

comment on function app.schedule_campaign(uuid, timestamptz) is 'Behind public.schedule_campaign.';

create function app.act_on_campaign(p_campaign_id uuid, p_act text) returns public.campaigns
language plpgsql volatile security definer set search_path = '' as $$
begin
  case p_act
    when 'unschedule' then return app.move_campaign(p_campaign_id, '{scheduled}', 'draft');
    when 'pause' then return app.move_campaign(p_campaign_id, '{sending}', 'paused');
    when 'resume' then return app.move_campaign(p_campaign_id, '{paused}', 'sending');
    when 'cancel' then return app.move_campaign(p_campaign_id, '{scheduled,sending,paused}', 'cancelled');
    else perform app.fail(400, 'campaign.unknown_act', 'A campaign can be unscheduled, paused, resumed or cancelled.',
      'Use unschedule, pause, resume or cancel.');
  end case;
end;
$$;

comment on function app.act_on_campaign(uuid, text) is 'Behind public.act_on_campaign.';

create function public.schedule_campaign(p_campaign_id uuid, p_at timestamptz default null) returns public.campaigns
language sql volatile security invoker set search_path = ''
begin atomic
  select * from app.schedule_campaign(p_campaign_id, p_at);
end;

comment on function public.schedule_campaign(uuid, timestamptz) is
  'Sends a draft, at once or later, to whoever is in its segment then. Watch the row, or campaign.status and campaign.stats on workspace:<id>. Errors: campaign.not_found, campaign.wrong_state, campaign.incomplete, campaign.no_segment, campaign.no_sender, campaign.bad_time, plan.not_entitled, workspace.forbidden.';

create function public.act_on_campaign(p_campaign_id uuid, p_act text) returns public.campaigns
language sql volatile security invoker set search_path = ''
begin atomic
  select * from app.act_on_campaign(p_campaign_id, p_act);
end;

comment on function public.act_on_campaign(uuid, text) is
  'unschedule (a scheduled one is a draft again), pause, resume, or cancel, which is final; mails that are on their way arrive. Errors: campaign.not_found, campaign.wrong_state, campaign.unknown_act, plan.not_entitled (resume), workspace.forbidden.';

revoke execute on function app.roll_up_campaign(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.queue_roll_up(uuid, uuid) from public, anon, authenticated, service_role;
revoke execute on function app.queue_batches(uuid, uuid) from public, anon, authenticated, service_role;
revoke execute on function app.end_campaign_batch(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.pause_campaign(uuid, text, text) from public, anon, authenticated, service_role;
revoke execute on function app.lock_campaign(uuid, text[]) from public, anon, authenticated, service_role;
revoke execute on function app.move_campaign(uuid, text[], text) from public, anon, authenticated, service_role;
revoke execute on function app.schedule_campaign(uuid, timestamptz) from public, anon, authenticated, service_role;
revoke execute on function app.act_on_campaign(uuid, text) from public, anon, authenticated, service_role;
revoke execute on function public.schedule_campaign(uuid, timestamptz) from public, anon, authenticated, service_role;
revoke execute on function public.act_on_campaign(uuid, text) from public, anon, authenticated, service_role;
grant execute on function app.roll_up_campaign(uuid) to lamina_worker;
grant execute on function app.schedule_campaign(uuid, timestamptz) to authenticated;
grant execute on function app.act_on_campaign(uuid, text) to authenticated;
grant execute on function public.schedule_campaign(uuid, timestamptz) to authenticated;
grant execute on function public.act_on_campaign(uuid, text) to authenticated;
