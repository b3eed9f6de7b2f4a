-- Purpose:  from telling to the end of an e-mail: notify, open, send once, end; the feed is told at once.
-- Risk:     a trigger on public.jobs for kind notifications.send.
-- Way back: drop the functions of this file (cascade drops the triggers).
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- Tell
------------------------------------------------------------------------------------------------
create function app.email_of(p_user_id uuid) returns text
language sql stable security definer set search_path = ''
begin atomic
  select coalesce(
    (select lower(u.email) from auth.users as u where u.id = p_user_id and u.email_confirmed_at is not null and u.email <> ''),
    (select a.email from app.user_addresses as a where a.user_id = p_user_id));
end;

comment on function app.email_of(uuid) is 'The confirmed address of a user, else null: nobody gets mail by someone else''s sign-up. Internal.';

create function app.notify(
  p_kind text, p_user_id uuid, p_workspace_id uuid, p_email text, p_dedupe_key text, p_data jsonb default '{}', p_secret text default null
) returns uuid
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_id uuid;
begin
  insert into public.notifications (kind, user_id, workspace_id, email, dedupe_key, data, locale)
  select p_kind, p.user_id, p_workspace_id, lower(p_email), p_dedupe_key, p_data,
    coalesce(p.locale, (select c.locale from public.profiles as c where c.user_id = app.user_id()), 'en')
  from (select 1) as always
  left join public.profiles as p on p.user_id = p_user_id
  where p.user_id is not null or p_email is not null
  on conflict (dedupe_key) do nothing
  returning id into v_id;
  if v_id is not null then
    insert into app.notification_secrets (notification_id, secret) select v_id, p_secret where p_secret is not null;
    perform app.enqueue('notifications.send', p_subject_id => v_id, p_dedupe_key => 'notification:' || v_id);
  end if;
  return v_id;
end;
$$;

comment on function app.notify(text, uuid, uuid, text, text, jsonb, text) is
  'Tells a user, or an address, something once: the id, null when it was told before or there is nobody to tell. Checks no rights; the job is the platform''s own. For triggers and functions of all domains.';

create function app.broadcast_notification() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform realtime.send(jsonb_build_object('id', new.id, 'kind', new.kind), 'notification', 'user:' || new.user_id, true);
  return null;
end;
$$;

comment on function app.broadcast_notification() is 'Tells the user''s app that there is something new: read the row.';

create trigger broadcast_insert after insert on public.notifications
  for each row when (new.user_id is not null)
  execute function app.broadcast_notification();
comment on trigger broadcast_insert on public.notifications is 'The feed moves at once, whatever becomes of the e-mail.';

------------------------------------------------------------------------------------------------
-- End
------------------------------------------------------------------------------------------------
create function app.notification_rank(p_status text) returns int
language sql immutable parallel safe security invoker set search_path = ''
return case p_status
  when 'queued' then 0 when 'sending' then 1 when 'unknown' then 2 when 'sent' then 3 when 'delivered' then 4
  when 'bounced' then 6 when 'complained' then 7 else 5 end;

comment on function app.notification_rank(text) is 'How much a status knows: what is told late or twice never takes a step back. Internal.';

create function app.end_notification(
  p_id uuid, p_status text, p_error_code text default null, p_error_message text default null, p_provider_message_id text default null
) returns void
language sql volatile security definer set search_path = ''
begin atomic
  update public.notifications as n
  set status = p_status,
    provider_message_id = coalesce(p_provider_message_id, n.provider_message_id),
    error_code = p_error_code, error_message = p_error_message,
    sent_at = case when p_status in ('sent', 'delivered', 'complained') then coalesce(n.sent_at, pg_catalog.now()) else n.sent_at end
  where n.id = p_id and app.notification_rank(p_status) > app.notification_rank(n.status);
end;

comment on function app.end_notification(uuid, text, text, text, text) is 'What became of an e-mail; a status that knows less than the present one changes nothing.';

create function app.forget_secret() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  delete from app.notification_secrets as s where s.notification_id = new.id;
  return null;
end;
$$;

comment on function app.forget_secret() is 'Removes what only the e-mail needed.';

create trigger forget_secret after update of status on public.notifications
  for each row when (new.status not in ('queued', 'sending'))
  execute function app.forget_secret();
comment on trigger forget_secret on public.notifications is 'An e-mail that has ended leaves no token behind.';

create function app.suppress(p_email text, p_reason text) returns void
language sql volatile security definer set search_path = ''
begin atomic
  insert into app.suppressions (email, reason) values (lower(p_email), p_reason) on conflict do nothing;
end;

comment on function app.suppress(text, text) is 'No more e-mail to an address; the first reason stands.';

create function app.lift_suppression(p_email text) returns app.suppressions
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_row app.suppressions;
begin
  delete from app.suppressions as s where s.email = lower(btrim(p_email)) returning * into v_row;
  if found then
    perform app.audit(null, 'suppression.lifted', v_row.email, jsonb_build_object('reason', v_row.reason, 'since', v_row.created_at));
  end if;
  return v_row;
end;
$$;

comment on function app.lift_suppression(text) is 'E-mail to an address again, for an operator; the row that is gone, nulls for none. What was suppressed meanwhile is not sent.';

------------------------------------------------------------------------------------------------
-- Send
------------------------------------------------------------------------------------------------
create function app.has_enough_mail(p_id uuid) returns boolean
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_row public.notifications;
  v_limit int;
begin
  select * into v_row from public.notifications as n where n.id = p_id;
  select k.emails_per_hour into v_limit from app.notification_kinds as k where k.kind = v_row.kind;
  if v_limit is null or v_row.user_id is null then
    return false;
  end if;
  perform app.lock_ordering_key(format('mail:%s:%s', v_row.user_id, v_row.kind));
  return v_limit <= (
    select count(*) from public.notifications as n
    where n.user_id = v_row.user_id and n.kind = v_row.kind and n.id <> p_id and n.email is not null
      and n.status not in ('failed', 'suppressed', 'skipped')
      and n.created_at > now() - interval '2 days' and coalesce(n.sent_at, n.updated_at) > now() - interval '1 hour');
end;
$$;

comment on function app.has_enough_mail(uuid) is
  'Whether the user had as many e-mails of its kind within the hour as the kind allows, those being sent among them. Counts one after the other. Internal.';

create function app.open_notification(p_id uuid)
returns table (kind text, locale text, email text, name text, workspace text, data jsonb, secret text, is_optional boolean)
language plpgsql volatile security definer set search_path = '' rows 1 as $$
declare
  v_row public.notifications;
  v_email text;
begin
  select n.* into v_row from public.notifications as n where n.id = p_id for no key update;
  if v_row.status = 'sending' then
    perform app.end_notification(p_id, 'unknown', p_error_code => 'provider.outcome_unknown',
      p_error_message => 'It is not known whether the message was delivered: the worker stopped while it sent it.');
  end if;
  if v_row.status is distinct from 'queued' then
    return;
  end if;
  v_email := coalesce(v_row.email, app.email_of(v_row.user_id));
  if v_email is null then
    perform app.end_notification(p_id, 'skipped', p_error_code => 'notification.no_address',
      p_error_message => 'The user has no confirmed e-mail address.');
  elsif exists (select from app.suppressions as s where s.email = v_email) then
    perform app.end_notification(p_id, 'suppressed', p_error_code => 'notification.suppressed',
      p_error_message => 'The address does not exist, or its owner wants no e-mail from here.');
  elsif exists (
    select from public.notification_preferences as p
    join app.notification_kinds as k on k.kind = p.kind and k.is_optional
    where p.user_id = v_row.user_id and p.kind = v_row.kind and not p.email
  ) then
    perform app.end_notification(p_id, 'skipped', p_error_code => 'notification.turned_off',
      p_error_message => 'The user wants no e-mails of this kind.');
  elsif app.has_enough_mail(p_id) then
    perform app.end_notification(p_id, 'skipped', p_error_code => 'notification.enough_mail',
      p_error_message => 'The user had many e-mails of this kind within the hour; the feed has the rest.');
  else
    update public.notifications as n set email = v_email where n.id = p_id;
    return query
    select v_row.kind, v_row.locale, v_email, p.display_name, w.name, v_row.data, s.secret, k.is_optional
    from app.notification_kinds as k
    left join public.profiles as p on p.user_id = v_row.user_id
    left join public.workspaces as w on w.id = v_row.workspace_id
    left join app.notification_secrets as s on s.notification_id = p_id
    where k.kind = v_row.kind;
  end if;
end;
$$;

comment on function app.open_notification(uuid) is
  'What is needed to write an e-mail; no row when none is to be sent. One that was begun and never ended becomes unknown: a second message would be worse than a missing one.';

create function app.begin_sending(p_id uuid, p_provider text) returns boolean
language sql volatile security definer set search_path = ''
begin atomic
  update public.notifications as n set status = 'sending', provider = p_provider
  where n.id = p_id and n.status = 'queued'
  returning true;
end;

comment on function app.begin_sending(uuid, text) is 'Committed before the provider is called; true for who may call it.';

create function app.release_notification(p_id uuid) returns void
language sql volatile security definer set search_path = ''
begin atomic
  update public.notifications as n set status = 'queued' where n.id = p_id and n.status = 'sending';
end;

comment on function app.release_notification(uuid) is 'The provider has not taken it for sure: it may be tried again.';

------------------------------------------------------------------------------------------------
-- However its job ends
------------------------------------------------------------------------------------------------
create function app.mirror_notification_job() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_code text := coalesce(new.error_code, 'job.cancelled');
  v_message text := coalesce(new.error_message, 'It was cancelled.');
begin
  if new.gate <> 'closed' then
    update public.notifications as n set status = 'queued', error_code = null, error_message = null
    where n.id = new.subject_id and n.status = 'failed';
  else
    update public.notifications as n
    set status = case n.status when 'sending' then 'unknown' else 'failed' end, error_code = v_code, error_message = v_message
    where n.id = new.subject_id and n.status in ('queued', 'sending');
  end if;
  return null;
end;
$$;

comment on function app.mirror_notification_job() is
  'A job that ended without a word leaves no message waiting; one that is tried again opens the message that failed.';

create trigger mirror_notification_job after update of status on public.jobs
  for each row when (
    new.kind = 'notifications.send' and new.status <> 'succeeded'
    and (new.gate = 'closed') is distinct from (old.gate = 'closed'))
  execute function app.mirror_notification_job();
comment on trigger mirror_notification_job on public.jobs is 'No message is left sending for ever.';

------------------------------------------------------------------------------------------------
-- Rights
------------------------------------------------------------------------------------------------
revoke execute on function app.email_of(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.notify(text, uuid, uuid, text, text, jsonb, text) from public, anon, authenticated, service_role;
revoke execute on function app.broadcast_notification() from public, anon, authenticated, service_role;
revoke execute on function app.notification_rank(text) from public, anon, authenticated, service_role;
revoke execute on function app.end_notification(uuid, text, text, text, text) from public, anon, authenticated, service_role;
revoke execute on function app.forget_secret() from public, anon, authenticated, service_role;
revoke execute on function app.suppress(text, text) from public, anon, authenticated, service_role;
revoke execute on function app.lift_suppression(text) from public, anon, authenticated, service_role;
revoke execute on function app.has_enough_mail(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.open_notification(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.begin_sending(uuid, text) from public, anon, authenticated, service_role;
revoke execute on function app.release_notification(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.mirror_notification_job() from public, anon, authenticated, service_role;
grant execute on function app.end_notification(uuid, text, text, text, text) to lamina_worker;
grant execute on function app.suppress(text, text) to lamina_worker;
grant execute on function app.open_notification(uuid) to lamina_worker;
grant execute on function app.begin_sending(uuid, text) to lamina_worker;
grant execute on function app.release_notification(uuid) to lamina_worker;
