-- Purpose:  what recipients do and what the mail provider tells: unsubscribe, open, click, delivered, bounced, complained.
-- Risk:     app.apply_mail_events is replaced: an unsubscription or complaint is the installation's only when a notification is known by its id.
-- Way back: put app.apply_mail_events back as 000830 has it, then drop the other functions of this file.
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- The links in a mail
------------------------------------------------------------------------------------------------
create function app.unsubscribe_mail(p_recipient_id uuid) returns boolean
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_recipient public.campaign_recipients;
  v_left boolean;
begin
  update public.campaign_recipients as r set unsubscribed_at = coalesce(r.unsubscribed_at, now())
  where r.id = p_recipient_id
  returning * into v_recipient;
  perform app.suppress_in(v_recipient.workspace_id, a.email, 'unsubscribed')
  from (
    select v_recipient.email as email union select c.email_key from public.contacts as c where c.id = v_recipient.contact_id
  ) as a
  where a.email is not null;
  v_left := found;
  if v_recipient.id is not null then
    perform app.queue_roll_up(v_recipient.campaign_id, v_recipient.workspace_id);
  end if;
  return app.suppress_forgotten(p_recipient_id, 'unsubscribed') or v_left;
end;
$$;

comment on function app.unsubscribe_mail(uuid) is 'Behind public.unsubscribe_mail.';

create function public.unsubscribe_mail(p_recipient_id uuid) returns boolean
language sql volatile security invoker set search_path = ''
begin atomic
  select app.unsubscribe_mail(p_recipient_id);
end;

comment on function public.unsubscribe_mail(uuid) is
  'For the unsubscribe door, after it has checked the link: no more campaigns of the workspace to this address. Also after contact or campaign were deleted. False when it could not be done, since the mail is not known any more. As often as it comes.';

create function app.track_mail(p_recipient_id uuid, p_clicked boolean) returns boolean
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_recipient public.campaign_recipients;
begin
  update public.campaign_recipients as r
  set opened_at = coalesce(r.opened_at, now()), opens = r.opens + case when p_clicked then 0 else 1 end,
    clicked_at = case when p_clicked then coalesce(r.clicked_at, now()) else r.clicked_at end,
    clicks = r.clicks + case when p_clicked then 1 else 0 end
  where r.id = p_recipient_id
  returning * into v_recipient;
  if not found then
    return false;
  end if;
  perform app.queue_roll_up(v_recipient.campaign_id, v_recipient.workspace_id);
  return true;
end;
$$;

comment on function app.track_mail(uuid, boolean) is 'Behind public.track_mail.';

create function public.track_mail(p_recipient_id uuid, p_clicked boolean) returns boolean
language sql volatile security invoker set search_path = ''
begin atomic
  select app.track_mail(p_recipient_id, p_clicked);
end;

comment on function public.track_mail(uuid, boolean) is
  'For the tracking door, after it has checked the link: a mail was opened, or a link in it followed. False when the mail is not known any more.';

------------------------------------------------------------------------------------------------
-- What the mail provider tells
------------------------------------------------------------------------------------------------
create function app.recipient_rank(p_status text) returns int
language sql immutable security invoker set search_path = ''
return case p_status
  when 'queued' then 0 when 'sending' then 1 when 'unknown' then 1 when 'sent' then 2 when 'failed' then 3 when 'delivered' then 4
  when 'bounced' then 5 when 'complained' then 6 else 7 end;

comment on function app.recipient_rank(text) is 'How much a state knows: an event that comes late takes nothing back. Internal.';

create function app.apply_campaign_events(p_effects jsonb) returns void
language plpgsql volatile security definer set search_path = '' as $$
begin
  update public.campaign_recipients as r
  set status = e.status, error_code = e.error_code, error_message = e.error_message,
    provider_message_id = coalesce(e.provider_message_id, r.provider_message_id), sent_at = coalesce(r.sent_at, now())
  from (
    select distinct on (x.id) x.id, case x.status when 'suppressed' then 'failed' else x.status end as status,
      x.error_code, x.error_message, x.provider_message_id
    from jsonb_to_recordset(p_effects) as x (id uuid, status text, error_code text, error_message text, provider_message_id text)
    where x.status is not null
    order by x.id, app.recipient_rank(case x.status when 'suppressed' then 'failed' else x.status end) desc
  ) as e
  where r.id = e.id and app.recipient_rank(e.status) > app.recipient_rank(r.status);

  perform app.suppress_in(r.workspace_id, r.email, e.suppress)
  from jsonb_to_recordset(p_effects) as e (id uuid, suppress text)
  join public.campaign_recipients as r on r.id = e.id and r.email is not null
  where e.suppress in ('complained', 'unsubscribed');
  perform app.suppress_forgotten(e.id, e.suppress)
  from jsonb_to_recordset(p_effects) as e (id uuid, suppress text)
  where e.suppress in ('complained', 'unsubscribed');

  perform app.queue_roll_up(c.campaign_id, c.workspace_id)
  from (
    select distinct r.campaign_id, r.workspace_id
    from jsonb_to_recordset(p_effects) as e (id uuid) join public.campaign_recipients as r on r.id = e.id
  ) as c;
end;
$$;

comment on function app.apply_campaign_events(jsonb) is
  'The part of a batch of events that is about campaigns. A complaint or unsubscription concerns the workspace that wrote, not the others. Internal.';

create or replace function app.apply_mail_events(p_batch_id uuid, p_effects jsonb) returns void
language sql volatile security definer set search_path = ''
begin atomic
  select app.end_notification(e.id, e.status, e.error_code, e.error_message, e.provider_message_id)
  from pg_catalog.jsonb_to_recordset(p_effects)
    as e (id uuid, status text, error_code text, error_message text, provider_message_id text)
  where e.status is not null;

  select app.apply_campaign_events(p_effects);

  insert into app.suppressions (email, reason)
  select distinct on (lower(e.email)) lower(e.email), e.suppress
  from pg_catalog.jsonb_to_recordset(p_effects) as e (id uuid, email text, suppress text)
  where e.suppress is not null and e.email <> ''
    and (e.suppress = 'bounced' or exists (select from public.notifications as n where n.id = e.id))
  order by lower(e.email), e.suppress
  on conflict do nothing;

  update app.mail_batches as b set applied_at = pg_catalog.now() where b.id = p_batch_id;
end;

comment on function app.apply_mail_events(uuid, jsonb) is
  'Writes what became of messages, notifications and campaigns alike: [{id, status, error_code, error_message, provider_message_id, email, suppress}], in any order and as often as it comes. A dead address is dead for all; a complaint or unsubscription is everybody''s only about a notification.';

revoke execute on function app.unsubscribe_mail(uuid) from public, anon, authenticated, service_role;
revoke execute on function public.unsubscribe_mail(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.track_mail(uuid, boolean) from public, anon, authenticated, service_role;
revoke execute on function public.track_mail(uuid, boolean) from public, anon, authenticated, service_role;
revoke execute on function app.recipient_rank(text) from public, anon, authenticated, service_role;
revoke execute on function app.apply_campaign_events(jsonb) from public, anon, authenticated, service_role;
revoke execute on function app.apply_mail_events(uuid, jsonb) from public, anon, authenticated, service_role;
grant execute on function app.unsubscribe_mail(uuid) to service_role;
grant execute on function public.unsubscribe_mail(uuid) to service_role;
grant execute on function app.track_mail(uuid, boolean) to service_role;
grant execute on function public.track_mail(uuid, boolean) to service_role;
grant execute on function app.apply_mail_events(uuid, jsonb) to lamina_worker;
