-- Purpose:  what the worker does: choose recipients, open a batch, mark ten mails, write what became of them.
-- Risk:     a trigger on public.jobs for kinds marketing.send_batch and marketing.start_campaign.
-- Way back: drop the functions of this file (cascade drops the trigger).
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- Begin
------------------------------------------------------------------------------------------------
create function app.return_campaign(p_campaign_id uuid, p_error_code text, p_error_message text) returns void
language sql volatile security definer set search_path = ''
begin atomic
  update public.campaigns as c
  set status = 'draft', scheduled_at = null, error_code = p_error_code, error_message = p_error_message
  where c.id = p_campaign_id and c.status = 'scheduled';
end;

comment on function app.return_campaign(uuid, text, text) is 'One that cannot begin is a draft again and says why. Internal.';

create function app.choose_recipients(p_campaign public.campaigns) returns void
language sql volatile security definer set search_path = ''
begin atomic
  insert into public.campaign_recipients (campaign_id, workspace_id, contact_id, email, batch)
  select p_campaign.id, p_campaign.workspace_id, u.id, u.email,
    1 + (row_number() over (order by u.id) - 1) / greatest(100, ceil(count(*) over () / 500.0)::int)
  from (
    select distinct on (c.email_key) c.id, c.email_key as email
    from public.segments as s
    cross join lateral app.segment_contacts(s.workspace_id, s.filter) as c
    left join public.mail_suppressions as w on w.workspace_id = c.workspace_id and w.email = c.email_key
    left join app.suppressions as p on p.email = c.email_key
    left join app.suppressed_hashes as h
      on h.workspace_id = c.workspace_id and h.email_hash = sha256(convert_to(c.email_key, 'UTF8'))
    where s.id = p_campaign.segment_id and c.email_consent = 'granted' and c.email_key ~ '^[^@\s]+@[^@\s]+\.[^@\s]+$'
      and w.email is null and p.email is null and h.email_hash is null
    order by c.email_key, c.created_at, c.id
  ) as u
  on conflict do nothing;
end;

comment on function app.choose_recipients(public.campaigns) is
  'A row for each address of the segment that may be written to now, in batches of a hundred or, above 50,000, in 500 batches. Internal.';

create function app.start_campaign(p_campaign_id uuid) returns text
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_campaign public.campaigns;
begin
  select * into v_campaign from public.campaigns as c where c.id = p_campaign_id for no key update;
  if v_campaign.status is distinct from 'scheduled' or v_campaign.scheduled_at > now() then
    return v_campaign.status;
  elsif v_campaign.segment_id is null then
    perform app.return_campaign(p_campaign_id, p_error_code => 'campaign.no_segment', p_error_message => 'Its segment was deleted.');
    return 'draft';
  elsif not app.has_entitlement(v_campaign.workspace_id, 'campaigns') then
    perform app.return_campaign(p_campaign_id, p_error_code => 'plan.not_entitled',
      p_error_message => 'The plan does not include campaigns any more.');
    return 'draft';
  end if;
  update public.campaigns as c set status = 'sending', started_at = now() where c.id = p_campaign_id;
  perform app.choose_recipients(v_campaign);
  perform app.queue_batches(p_campaign_id, v_campaign.workspace_id);
  perform app.end_campaign_batch(p_campaign_id);
  return 'sending';
end;
$$;

comment on function app.start_campaign(uuid) is 'From scheduled to sending when its time has come, in one transaction; again it does nothing.';

------------------------------------------------------------------------------------------------
-- A batch
------------------------------------------------------------------------------------------------
create function app.open_campaign_batch(p_campaign_id uuid, p_batch int, p_provider text)
returns table (
  workspace_id uuid, subject text, body text, workspace text, sender_name text, reply_to text, postal_address text,
  mails_per_second float8, track_opens boolean, track_clicks boolean, key_id int, key_secret text)
language plpgsql volatile security definer set search_path = '' rows 1 as $$
begin
  perform app.pause_campaign(c.id, 'plan.not_entitled', 'The plan does not include campaigns any more.')
  from public.campaigns as c
  where c.id = p_campaign_id and not app.has_entitlement(c.workspace_id, 'campaigns');
  update public.campaigns as c set provider = p_provider where c.id = p_campaign_id and c.provider is distinct from p_provider;
  update public.campaign_recipients as r
  set status = 'unknown', error_code = 'provider.outcome_unknown',
    error_message = 'It is not known whether the message was delivered: the worker stopped while it sent it.'
  where r.campaign_id = p_campaign_id and r.batch = p_batch and r.status = 'sending';
  return query
  select c.workspace_id, c.subject, c.body, w.name, s.sender_name, s.reply_to, s.postal_address,
    s.mails_per_second::float8, s.track_opens, s.track_clicks, k.id, k.secret
  from public.campaigns as c
  join public.workspaces as w on w.id = c.workspace_id
  join public.marketing_settings as s on s.workspace_id = c.workspace_id
  cross join lateral (select l.id, l.secret from app.link_keys as l order by l.id desc limit 1) as k
  where c.id = p_campaign_id and c.status = 'sending';
end;
$$;

comment on function app.open_campaign_batch(uuid, int, text) is
  'At the start of an attempt: what mails are made of; no row when the campaign is not being sent, or is paused here because the plan has no campaigns any more. Mails that an earlier attempt began and never ended become unknown.';

create function app.skip_sentence(p_error_code text) returns text
language sql immutable security invoker set search_path = ''
return case
  when p_error_code = 'campaign.no_consent' then 'The person has not agreed to campaigns, or no more.'
  when p_error_code = 'campaign.no_address' then 'The contact has no e-mail address any more.'
  when p_error_code = 'campaign.address_changed' then 'The contact has another address since sending began.'
  when p_error_code = 'campaign.contact_gone' then 'The contact was deleted.'
  when p_error_code = 'campaign.suppressed' then 'The address does not exist, or its owner wants no campaigns.'
end;

comment on function app.skip_sentence(text) is 'Why somebody was passed over, for people. Internal.';

create function app.begin_campaign_mails(p_campaign_id uuid, p_batch int, p_limit int)
returns table (id uuid, is_sending boolean, email text, name text, company text, job_title text, language text, tries int)
language sql volatile security definer set search_path = '' rows 10
begin atomic
  with next as (
    select r.id, r.contact_id, r.email
    from public.campaign_recipients as r
    where r.campaign_id = p_campaign_id and r.batch = p_batch and r.status = 'queued'
      and (r.not_before is null or r.not_before <= pg_catalog.now())
      and exists (select from public.campaigns as m where m.id = p_campaign_id and m.status = 'sending')
    order by r.id
    limit p_limit
    for no key update
  ), judged as (
    select n.id, c.name, c.company, c.job_title, c.language,
      case when c.id is null then 'campaign.contact_gone'
        when c.email_key is distinct from n.email then 'campaign.address_changed'
        else app.may_mail(c) end as error_code
    from next as n left join public.contacts as c on c.id = n.contact_id
  ), marked as (
    update public.campaign_recipients as r
    set status = case when j.error_code is null then 'sending' else 'skipped' end,
      error_code = j.error_code, error_message = app.skip_sentence(j.error_code)
    from judged as j where r.id = j.id and r.status = 'queued'
    returning r.id, r.status, r.email, r.tries
  )
  select k.id, k.status = 'sending', k.email, j.name, j.company, j.job_title, j.language, k.tries
  from marked as k join judged as j on j.id = k.id;
end;

comment on function app.begin_campaign_mails(uuid, int, int) is
  'Committed before the provider is called: the next mails of a batch, each asked for consent and dead addresses at this moment. No row: none is left, all who are left wait for their time, or the campaign is not being sent.';

create function app.campaign_batch_wait(p_campaign_id uuid, p_batch int) returns float8
language sql stable security definer set search_path = ''
begin atomic
  select extract(epoch from pg_catalog.min(coalesce(r.not_before, pg_catalog.now())) - pg_catalog.now())::float8
  from public.campaign_recipients as r join public.campaigns as c on c.id = r.campaign_id
  where r.campaign_id = p_campaign_id and r.batch = p_batch and r.status = 'queued' and c.status = 'sending';
end;

comment on function app.campaign_batch_wait(uuid, int) is
  'Seconds until somebody of a batch is due, not above zero when one is; null when nobody waits or the campaign is not being sent.';

create function app.settle_campaign_mails(p_results jsonb) returns void
language sql volatile security definer set search_path = ''
begin atomic
  update public.campaign_recipients as r
  set status = case when e.status = 'queued' and c.status = 'cancelled' then 'cancelled' else e.status end,
    error_code = e.error_code, error_message = e.error_message,
    provider_message_id = e.provider_message_id, sent_at = case e.status when 'sent' then pg_catalog.now() end,
    tries = r.tries + case when e.wait_seconds is null then 0 else 1 end,
    not_before = pg_catalog.now() + pg_catalog.make_interval(secs => e.wait_seconds)
  from pg_catalog.jsonb_to_recordset(p_results)
    as e (id uuid, status text, error_code text, error_message text, provider_message_id text, wait_seconds float8), public.campaigns as c
  where r.id = e.id and c.id = r.campaign_id and (r.status = 'sending' or r.status = 'unknown' and e.status <> 'queued');

  insert into app.suppressions (email, reason)
  select distinct r.email, 'bounced' from public.campaign_recipients as r
  join pg_catalog.jsonb_to_recordset(p_results) as e (id uuid, status text) on e.id = r.id
  where e.status = 'bounced' and r.email is not null
  on conflict do nothing;

  select app.suppress_forgotten(e.id, 'bounced')
  from pg_catalog.jsonb_to_recordset(p_results) as e (id uuid, status text)
  where e.status = 'bounced';
end;

comment on function app.settle_campaign_mails(jsonb) is
  'What became of mails: [{id, status, error_code, error_message, provider_message_id, wait_seconds}]; queued when it was not sent for sure, after wait_seconds when the mailbox was refused for the moment. What the provider told meanwhile stands.';

------------------------------------------------------------------------------------------------
-- However its job ends
------------------------------------------------------------------------------------------------
create function app.mirror_campaign_job() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_batch int := (new.args ->> 'batch')::int;
begin
  if new.kind = 'marketing.start_campaign' then
    perform app.return_campaign(new.subject_id, coalesce(new.error_code, 'job.cancelled'),
      coalesce(new.error_message, 'It was cancelled.'));
    return null;
  end if;
  perform from public.campaigns as c where c.id = new.subject_id for no key update;
  if new.status <> 'succeeded' then
    update public.campaign_recipients as r
    set status = case r.status when 'sending' then 'unknown' else 'cancelled' end,
      error_code = coalesce(new.error_code, 'job.cancelled'), error_message = coalesce(new.error_message, 'It was cancelled.')
    from public.campaigns as c
    where c.id = new.subject_id and r.campaign_id = c.id and r.batch = v_batch
      and (r.status = 'sending' or r.status = 'queued' and c.status = 'sending' and new.status = 'cancelled');
  end if;
  if new.status = 'failed'
    and exists (
      select from public.campaign_recipients as r
      where r.campaign_id = new.subject_id and r.batch = v_batch and r.status = 'queued')
    and not exists (select from public.jobs as j where j.ordering_key = new.ordering_key and j.gate <> 'closed')
  then
    perform app.pause_campaign(new.subject_id, new.error_code, new.error_message);
  end if;
  perform app.end_campaign_batch(new.subject_id);
  return null;
end;
$$;

comment on function app.mirror_campaign_job() is
  'The end of a batch''s job, however it came. A failed one pauses the campaign and whoever waits goes on waiting, unless a successor is queued, which will tell. Locks: job, campaign, recipients, ordering key, here as when people pause and resume; therefore its trigger''s name comes before open_next_after_end.';

create trigger mirror_campaign_job after update of gate on public.jobs
  for each row when (
    new.gate = 'closed' and old.gate <> 'closed'
    and (new.kind = 'marketing.send_batch' or new.kind = 'marketing.start_campaign' and new.status <> 'succeeded'))
  execute function app.mirror_campaign_job();
comment on trigger mirror_campaign_job on public.jobs is 'No campaign is left sending for ever.';

revoke execute on function app.return_campaign(uuid, text, text) from public, anon, authenticated, service_role;
revoke execute on function app.choose_recipients(public.campaigns) from public, anon, authenticated, service_role;
revoke execute on function app.start_campaign(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.open_campaign_batch(uuid, int, text) from public, anon, authenticated, service_role;
revoke execute on function app.skip_sentence(text) from public, anon, authenticated, service_role;
revoke execute on function app.begin_campaign_mails(uuid, int, int) from public, anon, authenticated, service_role;
revoke execute on function app.campaign_batch_wait(uuid, int) from public, anon, authenticated, service_role;
revoke execute on function app.settle_campaign_mails(jsonb) from public, anon, authenticated, service_role;
revoke execute on function app.mirror_campaign_job() from public, anon, authenticated, service_role;
grant execute on function app.start_campaign(uuid) to lamina_worker;
grant execute on function app.open_campaign_batch(uuid, int, text) to lamina_worker;
grant execute on function app.begin_campaign_mails(uuid, int, int) to lamina_worker;
grant execute on function app.campaign_batch_wait(uuid, int) to lamina_worker;
grant execute on function app.settle_campaign_mails(jsonb) to lamina_worker;
