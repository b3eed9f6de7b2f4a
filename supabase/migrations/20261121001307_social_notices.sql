-- Purpose:  who hears of an account: of a token that ends, of an account that broke, of new figures.
-- Risk:     a kind of notification more; triggers on own tables.
-- Way back: drop the functions of this file (cascade drops the triggers); delete the kind social_account_broken and its notifications.
set local lock_timeout = '5s';

insert into app.notification_kinds (kind, is_optional, description, emails_per_hour) values
  ('social_account_broken', false, 'A social account is not read any more until somebody acts.', 10);

------------------------------------------------------------------------------------------------
-- Notices
------------------------------------------------------------------------------------------------
create function app.social_keepers(p_account public.social_accounts) returns setof uuid
language sql stable set search_path = ''
begin atomic
  with maker as (
    select c.user_id from public.workspace_members as c
    join public.role_permissions as r on r.role = c.role and r.permission = 'social.write'
    where c.workspace_id = (p_account).workspace_id and c.user_id = (p_account).created_by
  )
  select m.user_id from public.workspace_members as m
  where m.workspace_id = (p_account).workspace_id
    and case when exists (select from maker) then m.user_id = (p_account).created_by else m.role = 'owner' end;
end;

comment on function app.social_keepers(public.social_accounts) is
  'Who is told of an account: who added it, or the owners when they have left or may not change it any more. Internal.';

create function app.social_name(p_account public.social_accounts) returns text
language sql immutable set search_path = ''
return concat(case (p_account).platform when 'linkedin' then 'LinkedIn ' when 'x' then 'X ' else 'GitHub ' end, (p_account).subject);

comment on function app.social_name(public.social_accounts) is 'An account for people: GitHub octocat. Internal.';

create function app.tell_expiring_tokens() returns void
language sql volatile security definer set search_path = ''
begin atomic
  select app.notify('token_expiring', k.user_id, a.workspace_id, null,
    pg_catalog.format('social-token:%s:%s:%s', a.id, k.user_id, extract(epoch from a.expires_at)::bigint),
    pg_catalog.jsonb_build_object('what', app.social_name(a), 'expires_at', a.expires_at, 'account_id', a.id))
  from public.social_accounts as a
  cross join lateral app.social_keepers(a) as k (user_id)
  where a.expires_at > pg_catalog.now() and a.expires_at <= pg_catalog.now() + interval '14 days' and a.status <> 'disabled';
end;

comment on function app.tell_expiring_tokens() is
  'Tells who keeps an account that its token ends within 14 days: once a token. Internal.';

create function app.tell_social_status() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform realtime.send(
    jsonb_build_object('account_id', new.id, 'status', new.status), 'social.account', 'workspace:' || new.workspace_id, true);
  if new.status = 'broken' then
    perform app.notify('social_account_broken', k.user_id, new.workspace_id, null,
      format('social-broken:%s:%s:%s', new.id, k.user_id, new.revision),
      jsonb_build_object('account_id', new.id, 'what', app.social_name(new), 'reason', new.error_message, 'error_code', new.error_code))
    from app.social_keepers(new) as k (user_id);
  end if;
  return null;
end;
$$;

comment on function app.tell_social_status() is
  'Members see at once that an account broke, rests or works again; who keeps it is told that it broke, once each time.';

create trigger tell_status after update of status on public.social_accounts
  for each row when (old.status is distinct from new.status)
  execute function app.tell_social_status();
comment on trigger tell_status on public.social_accounts is 'A broken account is read no more until a person acts: somebody must know.';

------------------------------------------------------------------------------------------------
-- Broadcast
------------------------------------------------------------------------------------------------
create function app.broadcast_social() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform realtime.send(
    jsonb_build_object('account_id', new.account_id, 'platform', new.platform, 'day', new.day, 'status', new.status),
    'social.snapshot', 'workspace:' || new.workspace_id, true);
  return null;
end;
$$;

comment on function app.broadcast_social() is 'A hint to members that there are new figures; the row is the truth.';

create trigger broadcast_change after insert or update on public.social_snapshots
  for each row execute function app.broadcast_social();
comment on trigger broadcast_change on public.social_snapshots is 'Who was given old figures hears that new ones came.';

revoke execute on function app.social_keepers(public.social_accounts) from public, anon, authenticated, service_role;
revoke execute on function app.social_name(public.social_accounts) from public, anon, authenticated, service_role;
revoke execute on function app.tell_expiring_tokens() from public, anon, authenticated, service_role;
revoke execute on function app.tell_social_status() from public, anon, authenticated, service_role;
revoke execute on function app.broadcast_social() from public, anon, authenticated, service_role;
