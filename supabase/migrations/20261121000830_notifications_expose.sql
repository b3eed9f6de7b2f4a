-- Purpose:  what a browser may do with notifications; events of the mail provider in; how long things are kept.
-- Risk:     none, new functions only.
-- Way back: drop the functions of this file.
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- Read
------------------------------------------------------------------------------------------------
create function app.mark_notifications_read(p_ids uuid[]) returns int
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_user_id uuid := app.require_user();
  v_count int;
begin
  update public.notifications as n set read_at = now()
  where n.user_id = v_user_id and n.read_at is null and (p_ids is null or n.id = any (p_ids));
  get diagnostics v_count = row_count;
  if v_count > 0 then
    perform realtime.send(
      jsonb_build_object('unread', (select count(*) from public.notifications as n where n.user_id = v_user_id and n.read_at is null)),
      'notification.read', 'user:' || v_user_id, true);
  end if;
  return v_count;
end;
$$;

comment on function app.mark_notifications_read(uuid[]) is 'Behind public.mark_notifications_read: the caller''s own only. Other tabs of theirs hear how many are left.';

create function public.mark_notifications_read(p_ids uuid[] default null) returns int
language sql volatile security invoker set search_path = ''
begin atomic
  select app.mark_notifications_read(p_ids);
end;

comment on function public.mark_notifications_read(uuid[]) is
  'Marks notifications of yours as read, without ids all of them; returns how many were unread. Ids of others are passed over. Your other tabs hear notification.read with {unread: how many are left}.';

------------------------------------------------------------------------------------------------
-- Preferences
------------------------------------------------------------------------------------------------
create function app.notification_settings()
returns table (kind text, description text, is_optional boolean, email boolean, suppressed jsonb)
language plpgsql stable security definer set search_path = '' as $$
declare
  v_user_id uuid := app.require_user();
  v_suppressed jsonb := (
    select jsonb_build_object('reason', s.reason, 'since', s.created_at) from app.suppressions as s where s.email = app.email_of(v_user_id));
begin
  return query
  select k.kind, k.description, k.is_optional, not k.is_optional or coalesce(p.email, true), v_suppressed
  from app.notification_kinds as k
  left join public.notification_preferences as p on p.kind = k.kind and p.user_id = v_user_id
  order by k.kind;
end;
$$;

comment on function app.notification_settings() is 'Behind public.notification_settings.';

create function public.notification_settings()
returns table (kind text, description text, is_optional boolean, email boolean, suppressed jsonb)
language sql stable security invoker set search_path = ''
begin atomic
  select s.kind, s.description, s.is_optional, s.email, s.suppressed from app.notification_settings() as s;
end;

comment on function public.notification_settings() is 'Every kind of notification, and whether you want e-mails of it. suppressed is the same in each row: null, or {reason: bounced | complained | unsubscribed, since} when your address gets none of any kind until the operator lifts it.';

create function app.set_notification_preference(p_kind text, p_email boolean) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_user_id uuid := app.require_user();
  v_optional boolean := (select k.is_optional from app.notification_kinds as k where k.kind = p_kind);
begin
  if v_optional is null then
    perform app.fail(404, 'notification.kind_unknown', 'There is no such kind of notification.');
  elsif p_email is null then
    perform app.fail(400, 'notification.choice_missing', 'Say whether you want e-mails of this kind.', 'Send true or false.');
  elsif not v_optional and not p_email then
    perform app.fail(409, 'notification.not_optional', 'E-mails of this kind cannot be turned off.');
  end if;
  perform app.ensure_profile();
  insert into public.notification_preferences as p (user_id, kind, email) values (v_user_id, p_kind, p_email)
  on conflict (user_id, kind) do update set email = excluded.email, updated_at = now();
end;
$$;

comment on function app.set_notification_preference(text, boolean) is 'Behind public.set_notification_preference: the caller''s own only.';

create function public.set_notification_preference(p_kind text, p_email boolean) returns void
language sql volatile security invoker set search_path = ''
begin atomic
  select app.set_notification_preference(p_kind, p_email);
end;

comment on function public.set_notification_preference(text, boolean) is
  'Turns your e-mails of an optional kind on or off; the feed shows them all the same. Errors: notification.kind_unknown, notification.choice_missing, notification.not_optional.';

------------------------------------------------------------------------------------------------
-- Events of the mail provider
------------------------------------------------------------------------------------------------
create function app.receive_mail_events(p_events jsonb) returns text
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_id uuid;
begin
  if jsonb_typeof(p_events) is distinct from 'array' then
    perform app.fail(400, 'sendgrid.batch_malformed', 'This is not a list of events.');
  elsif jsonb_array_length(p_events) = 0 then
    return 'empty';
  end if;
  insert into app.mail_batches (digest, events) values (sha256(convert_to(p_events::text, 'UTF8')), p_events)
  on conflict (digest) do nothing
  returning id into v_id;
  if v_id is null then
    return 'duplicate';
  end if;
  perform app.enqueue('notifications.apply_events', p_args => jsonb_build_object('batch_id', v_id));
  return 'stored';
end;
$$;

comment on function app.receive_mail_events(jsonb) is 'Behind public.receive_mail_events.';

create function public.receive_mail_events(p_events jsonb) returns text
language sql volatile security invoker set search_path = ''
begin atomic
  select app.receive_mail_events(p_events);
end;

comment on function public.receive_mail_events(jsonb) is
  'For the webhook door, after it has checked the signature: stores a batch of events once and enqueues its job. Returns stored, duplicate or empty. Error: sendgrid.batch_malformed.';

create function app.apply_mail_events(p_batch_id uuid, p_effects jsonb) returns void
language sql volatile security definer set search_path = ''
begin atomic
  select app.end_notification(e.id, e.status, e.error_code, e.error_message, e.provider_message_id)
  from pg_catalog.jsonb_to_recordset(p_effects)
    as e (id uuid, status text, error_code text, error_message text, provider_message_id text)
  where e.status is not null;

  insert into app.suppressions (email, reason)
  select distinct on (lower(e.email)) lower(e.email), e.suppress
  from pg_catalog.jsonb_to_recordset(p_effects) as e (email text, suppress text)
  where e.suppress is not null and e.email <> ''
  order by lower(e.email), e.suppress
  on conflict do nothing;

  update app.mail_batches as b set applied_at = pg_catalog.now() where b.id = p_batch_id;
end;

comment on function app.apply_mail_events(uuid, jsonb) is
  'Writes what became of messages: [{id, status, error_code, error_message, provider_message_id, email, suppress}], in any order and as often as it comes.';

create function app.purge_notifications(p_older_than interval) returns bigint
language sql volatile security definer set search_path = ''
begin atomic
  delete from app.mail_batches as b where b.received_at < pg_catalog.now() - interval '7 days';

  with gone as (
    delete from public.notifications as n
    where n.created_at < pg_catalog.now() - p_older_than and n.status not in ('queued', 'sending')
    returning 1
  )
  select pg_catalog.count(*) from gone;
end;

comment on function app.purge_notifications(interval) is 'Forgets ended notifications older than this, and batches of events after a week; returns how many notifications went.';

------------------------------------------------------------------------------------------------
-- Rights
------------------------------------------------------------------------------------------------
revoke execute on function app.mark_notifications_read(uuid[]) from public, anon, authenticated, service_role;
revoke execute on function public.mark_notifications_read(uuid[]) from public, anon, authenticated, service_role;
revoke execute on function app.notification_settings() from public, anon, authenticated, service_role;
revoke execute on function public.notification_settings() from public, anon, authenticated, service_role;
revoke execute on function app.set_notification_preference(text, boolean) from public, anon, authenticated, service_role;
revoke execute on function public.set_notification_preference(text, boolean) from public, anon, authenticated, service_role;
revoke execute on function app.receive_mail_events(jsonb) from public, anon, authenticated, service_role;
revoke execute on function public.receive_mail_events(jsonb) from public, anon, authenticated, service_role;
revoke execute on function app.apply_mail_events(uuid, jsonb) from public, anon, authenticated, service_role;
revoke execute on function app.purge_notifications(interval) from public, anon, authenticated, service_role;
grant execute on function app.mark_notifications_read(uuid[]) to authenticated;
grant execute on function public.mark_notifications_read(uuid[]) to authenticated;
grant execute on function app.notification_settings() to authenticated;
grant execute on function public.notification_settings() to authenticated;
grant execute on function app.set_notification_preference(text, boolean) to authenticated;
grant execute on function public.set_notification_preference(text, boolean) to authenticated;
grant execute on function app.receive_mail_events(jsonb) to service_role;
grant execute on function public.receive_mail_events(jsonb) to service_role;
grant execute on function app.apply_mail_events(uuid, jsonb) to lamina_worker;
grant execute on function app.purge_notifications(interval) to lamina_worker;
