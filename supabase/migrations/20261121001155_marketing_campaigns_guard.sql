-- Purpose:  a campaign's numbers, the keys of links, and what keeps drafts, states and deleted contacts in order.
-- Risk:     a trigger on public.contacts that fires before a contact is deleted.
-- Way back: drop the three tables and the functions of this file (cascade drops the triggers).
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- public.campaign_stats
------------------------------------------------------------------------------------------------
create table public.campaign_stats (
  campaign_id uuid primary key references public.campaigns (id) on delete cascade,
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  recipients int not null default 0,
  waiting int not null default 0,
  sent int not null default 0,
  delivered int not null default 0,
  bounced int not null default 0,
  complained int not null default 0,
  failed int not null default 0,
  skipped int not null default 0,
  cancelled int not null default 0,
  unknown int not null default 0,
  opened int not null default 0,
  clicked int not null default 0,
  unsubscribed int not null default 0,
  opens int not null default 0,
  clicks int not null default 0,
  updated_at timestamptz not null default now()
);

comment on table public.campaign_stats is 'A campaign in numbers, counted anew from its recipients a few seconds after something happened.';
comment on column public.campaign_stats.recipients is 'All of them.';
comment on column public.campaign_stats.waiting is 'Queued or being sent.';
comment on column public.campaign_stats.sent is 'Taken by the provider, whatever came later.';
comment on column public.campaign_stats.delivered is 'Taken by the recipient''s server, as far as the provider tells.';
comment on column public.campaign_stats.bounced is 'Refused by the recipient''s server.';
comment on column public.campaign_stats.complained is 'Called spam.';
comment on column public.campaign_stats.failed is 'Not taken by the provider.';
comment on column public.campaign_stats.skipped is 'Consent or address were gone at the moment of sending.';
comment on column public.campaign_stats.cancelled is 'Not sent because the campaign was stopped.';
comment on column public.campaign_stats.unknown is 'Perhaps sent: no answer came, and nothing is sent twice.';
comment on column public.campaign_stats.opened is 'People who opened it.';
comment on column public.campaign_stats.clicked is 'People who followed a link.';
comment on column public.campaign_stats.unsubscribed is 'People who left by this mail.';
comment on column public.campaign_stats.opens is 'Openings.';
comment on column public.campaign_stats.clicks is 'Followed links.';

create index campaign_stats_workspace_idx on public.campaign_stats (workspace_id);

alter table public.campaign_stats enable row level security;

create policy select_members on public.campaign_stats
  for select to authenticated
  using (workspace_id = any (array(select app.workspaces_with('campaigns.read'))));

comment on policy select_members on public.campaign_stats is 'Whoever plans or follows campaigns.';

revoke all on table public.campaign_stats from public, anon, authenticated, service_role;
grant select on table public.campaign_stats to authenticated, service_role, lamina_worker;

------------------------------------------------------------------------------------------------
-- app.link_keys
------------------------------------------------------------------------------------------------
create table app.link_keys (
  id int generated always as identity primary key,
  secret text not null check (length(secret) >= 64),
  created_at timestamptz not null default now()
);

comment on table app.link_keys is
  'Keys of the HMAC in links of mails. The newest signs; older ones stay good, since mails are kept for years. An operator adds a row to change it.';
comment on column app.link_keys.secret is 'Random; its UTF-8 bytes are the key.';

alter table app.link_keys enable row level security;

revoke all on sequence app.link_keys_id_seq from public, anon, authenticated, service_role;
revoke all on table app.link_keys from public, anon, authenticated, service_role;
grant select on table app.link_keys to lamina_worker;

insert into app.link_keys (secret)
values (replace(gen_random_uuid()::text || gen_random_uuid()::text || gen_random_uuid()::text, '-', ''));

create function app.link_keys() returns jsonb
language sql stable security definer set search_path = ''
begin atomic
  select coalesce(pg_catalog.jsonb_object_agg(k.id::text, k.secret), '{}') from app.link_keys as k;
end;

comment on function app.link_keys() is 'Behind public.link_keys.';

create function public.link_keys() returns jsonb
language sql stable security invoker set search_path = ''
begin atomic
  select app.link_keys();
end;

comment on function public.link_keys() is 'For the doors that links in mails lead to: {id: secret}. For the secret key only.';

------------------------------------------------------------------------------------------------
-- Drafts and states
------------------------------------------------------------------------------------------------
create function app.campaign_problem(p_text text) returns text
language sql immutable security invoker set search_path = ''
return (
  select format('there is no placeholder {{%s}}', m.found[1])
  from regexp_matches(p_text, '\{\{([^{}]*)\}\}', 'g') as m (found)
  where m.found[1] !~ '^(name|first_name|company|job_title|email|workspace)(\|[^|\n]{0,100})?$'
  limit 1
);

comment on function app.campaign_problem(text) is 'The first placeholder of a text that is none of the closed list, in words; null when all are. Internal.';

create function app.may_move_campaign(p_from text, p_to text) returns boolean
language sql immutable security invoker set search_path = ''
return (p_from, p_to) in (
  ('draft', 'scheduled'), ('scheduled', 'draft'), ('scheduled', 'sending'), ('scheduled', 'cancelled'), ('sending', 'paused'),
  ('sending', 'sent'), ('sending', 'cancelled'), ('paused', 'sending'), ('paused', 'cancelled'));

comment on function app.may_move_campaign(text, text) is 'The states of a campaign and how one follows another. Internal.';

create function app.guard_campaign() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_problem text;
begin
  if tg_op = 'DELETE' then
    if old.status in ('scheduled', 'sending', 'paused') and exists (select from public.workspaces as w where w.id = old.workspace_id) then
      perform app.fail(409, 'campaign.running', 'A campaign that is scheduled or sent cannot be deleted.', 'Cancel it first.');
    end if;
    return old;
  elsif tg_op = 'UPDATE' and new.status <> old.status then
    if not app.may_move_campaign(old.status, new.status) then
      perform app.fail(409, 'campaign.wrong_state', format('A campaign that is %s cannot become %s.', old.status, new.status));
    end if;
    return new;
  elsif tg_op = 'UPDATE' and old.status <> 'draft'
    and (new.name, new.subject, new.body, coalesce(new.segment_id, old.segment_id))
      is distinct from (old.name, old.subject, old.body, old.segment_id)
  then
    perform app.fail(409, 'campaign.not_draft', 'Only a draft can be changed.', 'Take it back from its schedule first.');
  end if;
  new.subject := coalesce(new.subject, '');
  new.body := coalesce(new.body, '');
  if length(trim(new.name)) between 1 and 100 is not true then
    perform app.fail(400, 'campaign.name_invalid', 'A campaign has a name of 1 to 100 characters.');
  elsif length(new.subject) > 200 or length(new.body) > 50000 then
    perform app.fail(400, 'campaign.too_long', 'A subject has at most 200 characters, a text at most 50,000.');
  elsif new.segment_id is not null and not exists (
    select from public.segments as s where s.workspace_id = new.workspace_id and s.id = new.segment_id)
  then
    perform app.fail(404, 'segment.not_found', 'There is no such segment in this workspace.');
  end if;
  v_problem := coalesce(app.campaign_problem(new.subject), app.campaign_problem(new.body));
  if v_problem is not null then
    perform app.fail(400, 'campaign.bad_placeholder', format('The text does not fit: %s.', v_problem),
      'There are name, first_name, company, job_title, email and workspace, each with |words for when it is not known.');
  end if;
  return new;
end;
$$;

comment on function app.guard_campaign() is 'Trigger: drafts only are edited, states follow each other as they may, placeholders are of the closed list, bad input is refused in words.';

create trigger guard_campaign before insert or update or delete on public.campaigns
  for each row execute function app.guard_campaign();
comment on trigger guard_campaign on public.campaigns is 'What was sent stays what it was.';

create function app.broadcast_campaign() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  if tg_table_name = 'campaigns' then
    perform realtime.send(jsonb_build_object('campaign_id', new.id, 'status', new.status, 'error_code', new.error_code),
      'campaign.status', 'workspace:' || new.workspace_id, true);
  else
    perform realtime.send(jsonb_build_object('campaign_id', new.campaign_id), 'campaign.stats', 'workspace:' || new.workspace_id, true);
  end if;
  return null;
end;
$$;

comment on function app.broadcast_campaign() is 'Tells members of a new state, or that there are new numbers: these are read by those who may.';

create trigger broadcast_update after update on public.campaigns
  for each row when (new.status is distinct from old.status) execute function app.broadcast_campaign();
comment on trigger broadcast_update on public.campaigns is 'Sending is watched.';
create trigger broadcast_change after insert or update on public.campaign_stats
  for each row execute function app.broadcast_campaign();
comment on trigger broadcast_change on public.campaign_stats is 'Numbers move while people look.';

------------------------------------------------------------------------------------------------
-- app.forgotten_recipients
------------------------------------------------------------------------------------------------
create table app.forgotten_recipients (
  recipient_id uuid primary key,
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  email_hash bytea not null check (octet_length(email_hash) = 32)
);

comment on table app.forgotten_recipients is
  'So that links in mails go on letting people leave after their contact or the campaign was deleted: whose mail it was, as a hash.';
comment on column app.forgotten_recipients.recipient_id is 'As in public.campaign_recipients, which may have forgotten it.';
comment on column app.forgotten_recipients.email_hash is 'SHA-256 of the address in lower case.';

create index forgotten_recipients_workspace_idx on app.forgotten_recipients (workspace_id);

alter table app.forgotten_recipients enable row level security;

revoke all on table app.forgotten_recipients from public, anon, authenticated, service_role;

create function app.forget_recipient() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  insert into app.forgotten_recipients (recipient_id, workspace_id, email_hash)
  select r.id, r.workspace_id, sha256(convert_to(r.email, 'UTF8')) from public.campaign_recipients as r
  join public.workspaces as w on w.id = r.workspace_id
  where r.contact_id = old.id and r.email is not null and r.status not in ('queued', 'skipped', 'cancelled');
  update public.campaign_recipients as r set email = null where r.contact_id = old.id;
  return old;
end;
$$;

comment on function app.forget_recipient() is 'Trigger: a deleted contact leaves numbers behind and no address, but hashes of those a mail went to.';

create function app.forget_recipients() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  insert into app.forgotten_recipients (recipient_id, workspace_id, email_hash)
  select r.id, r.workspace_id, sha256(convert_to(r.email, 'UTF8')) from gone as r
  join public.workspaces as w on w.id = r.workspace_id
  where r.email is not null and r.status not in ('queued', 'skipped', 'cancelled');
  return null;
end;
$$;

comment on function app.forget_recipients() is 'Trigger: the same for a deleted campaign.';

create trigger forget_recipients after delete on public.campaign_recipients
  referencing old table as gone for each statement execute function app.forget_recipients();
comment on trigger forget_recipients on public.campaign_recipients is 'Its mails are still out there.';

create function app.suppress_forgotten(p_recipient_id uuid, p_reason text) returns boolean
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_forgotten app.forgotten_recipients;
begin
  select * into v_forgotten from app.forgotten_recipients as f where f.recipient_id = p_recipient_id;
  if not found then
    return false;
  end if;
  insert into app.suppressed_hashes as h (workspace_id, email_hash, reason)
  values (v_forgotten.workspace_id, v_forgotten.email_hash, p_reason)
  on conflict (workspace_id, email_hash) do update set reason = excluded.reason, created_at = excluded.created_at
  where h.reason = 'unsubscribed' and excluded.reason <> 'unsubscribed';
  if p_reason <> 'bounced' then
    perform app.suppress_in(v_forgotten.workspace_id, a.email_key, p_reason)
    from (
      select distinct c.email_key from public.contacts as c
      where c.workspace_id = v_forgotten.workspace_id and sha256(convert_to(c.email_key, 'UTF8')) = v_forgotten.email_hash
    ) as a;
  end if;
  return true;
end;
$$;

comment on function app.suppress_forgotten(uuid, text) is
  'No more campaigns to somebody whose address was forgotten, and to contacts who have it now; false when there is no such mail. Internal.';

create trigger forget_recipient before delete on public.contacts
  for each row execute function app.forget_recipient();
comment on trigger forget_recipient on public.contacts is 'A person who asks to be forgotten is.';

revoke execute on function app.link_keys() from public, anon, authenticated, service_role;
revoke execute on function public.link_keys() from public, anon, authenticated, service_role;
revoke execute on function app.campaign_problem(text) from public, anon, authenticated, service_role;
revoke execute on function app.may_move_campaign(text, text) from public, anon, authenticated, service_role;
revoke execute on function app.guard_campaign() from public, anon, authenticated, service_role;
revoke execute on function app.broadcast_campaign() from public, anon, authenticated, service_role;
revoke execute on function app.forget_recipient() from public, anon, authenticated, service_role;
revoke execute on function app.forget_recipients() from public, anon, authenticated, service_role;
revoke execute on function app.suppress_forgotten(uuid, text) from public, anon, authenticated, service_role;
grant execute on function app.link_keys() to service_role;
grant execute on function public.link_keys() to service_role;
