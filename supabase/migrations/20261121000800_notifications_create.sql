-- Purpose:  what users are told, in the app and by e-mail: kinds, the outbox that is also the feed, preferences, dead addresses.
-- Risk:     a new column on public.profiles, with a constant default: no rewrite.
-- Way back: drop the tables and functions of this file; alter table public.profiles drop column locale.
set local lock_timeout = '5s';

insert into app.job_kinds (kind, lane, max_attempts, provider, cost) values
  ('notifications.send', 'outbound', 10, 'email', 1),
  ('notifications.apply_events', 'outbound', 10, null, 1),
  ('notifications.purge', 'bulk', 3, null, 1);

------------------------------------------------------------------------------------------------
-- public.profiles.locale
------------------------------------------------------------------------------------------------
create function app.is_locale(p_text text) returns boolean
language sql immutable parallel safe security invoker set search_path = ''
return p_text in ('en', 'fr');

comment on function app.is_locale(text) is 'A language that messages are written in; the worker has a template of each kind for each.';

revoke execute on function app.is_locale(text) from public, anon, authenticated, service_role;
grant execute on function app.is_locale(text) to authenticated, service_role, lamina_worker;

alter table public.profiles add column locale text not null default 'en' check (app.is_locale(locale));

comment on column public.profiles.locale is 'Language of messages to the user: en or fr; begins as the sign-up or the token said.';

grant update (locale) on table public.profiles to authenticated;

create function app.choose_locale() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_wish text;
begin
  if tg_op = 'INSERT' then
    v_wish := lower(left(coalesce(
      (select u.raw_user_meta_data ->> 'locale' from auth.users as u where u.id = new.user_id),
      app.claims() ->> 'locale'), 2));
    new.locale := case when app.is_locale(v_wish) then v_wish else new.locale end;
  elsif app.is_locale(new.locale) is not true then
    perform app.fail(400, 'profile.locale_unknown', 'Messages are not written in this language.', 'Use en or fr.');
  end if;
  return new;
end;
$$;

comment on function app.choose_locale() is
  'Trigger: a new profile gets the language of the sign-up (fr-CH is fr), a change to an unknown one is refused in words. SECURITY DEFINER to read auth.users.';

revoke execute on function app.choose_locale() from public, anon, authenticated, service_role;

create trigger choose_locale before insert or update of locale on public.profiles
  for each row execute function app.choose_locale();
comment on trigger choose_locale on public.profiles is 'Nobody has to choose who has said it already.';

------------------------------------------------------------------------------------------------
-- app.user_addresses
------------------------------------------------------------------------------------------------
create table app.user_addresses (
  user_id uuid primary key references public.profiles (user_id) on delete cascade,
  email text not null check (app.is_email(email)),
  created_at timestamptz not null default now()
);

comment on table app.user_addresses is 'Addresses of users of a third-party issuer, who have no row in auth.users, as their token said when their profile was made.';

alter table app.user_addresses enable row level security;

revoke all on table app.user_addresses from public, anon, authenticated, service_role;

------------------------------------------------------------------------------------------------
-- app.notification_kinds
------------------------------------------------------------------------------------------------
create table app.notification_kinds (
  kind text primary key check (kind ~ '^[a-z_0-9]+$'),
  is_optional boolean not null,
  description text not null,
  emails_per_hour int check (emails_per_hour > 0)
);

comment on table app.notification_kinds is 'What there is to be told. A kind that is not here cannot be sent.';
comment on column app.notification_kinds.is_optional is 'A user may turn its e-mails off; the feed shows it all the same.';
comment on column app.notification_kinds.description is 'For people, in the settings.';
comment on column app.notification_kinds.emails_per_hour is
  'How many e-mails of this kind a user gets within an hour; the rest is in the feed only. Null: all of them.';

alter table app.notification_kinds enable row level security;

revoke all on table app.notification_kinds from public, anon, authenticated, service_role;

insert into app.notification_kinds (kind, is_optional, description) values
  ('welcome', false, 'The account is ready.'),
  ('invitation', false, 'Someone invites you into a workspace.'),
  ('renewal', true, 'A subscription is about to renew.'),
  ('trial_ending', false, 'A trial is about to end.'),
  ('payment_failed', false, 'A payment failed.'),
  ('disputed', false, 'A payment is disputed.'),
  ('subscription_ended', false, 'A subscription has ended.'),
  ('limit_80', true, 'Most of what the plan includes is used.'),
  ('limit_100', false, 'All of what the plan includes is used.'),
  ('document_failed', true, 'A document of yours could not be read.'),
  ('mention', true, 'Someone mentioned you.'),
  ('token_expiring', true, 'A key or token is about to expire.'),
  ('export_ready', true, 'An export is ready.'),
  ('erasure_scheduled', false, 'An account or workspace is going to be erased.'),
  ('webhook_disabled', false, 'A webhook was turned off after failures.'),
  ('meter_failed', false, 'Usage could not be billed.');

------------------------------------------------------------------------------------------------
-- public.notifications
------------------------------------------------------------------------------------------------
create table public.notifications (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid references public.workspaces (id) on delete cascade,
  user_id uuid references public.profiles (user_id) on delete cascade,
  email text check (app.is_email(email)),
  kind text not null references app.notification_kinds (kind) on update cascade on delete restrict,
  locale text not null,
  data jsonb not null default '{}' check (jsonb_typeof(data) = 'object'),
  dedupe_key text not null unique check (length(dedupe_key) between 1 and 300),
  status text not null default 'queued' check (status in (
    'queued', 'sending', 'sent', 'delivered', 'bounced', 'complained', 'failed', 'suppressed', 'skipped', 'unknown')),
  read_at timestamptz,
  provider text,
  provider_message_id text,
  error_code text,
  error_message text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  sent_at timestamptz,
  check (user_id is not null or email is not null)
);

comment on table public.notifications is 'What a user was told: the feed in the app, and the outbox of e-mails. Clients mark it read by RPC and change nothing else.';
comment on column public.notifications.user_id is 'Whom it is for; null for someone invited who is no user yet.';
comment on column public.notifications.email is 'Where the e-mail goes; null until it is sent to a user.';
comment on column public.notifications.locale is 'Language it is written in, the user''s at that time.';
comment on column public.notifications.data is 'Figures and names for the text; never a secret.';
comment on column public.notifications.dedupe_key is 'What it is about: the same thing is told once.';
comment on column public.notifications.status is
  'Of the e-mail: queued → sending → sent → delivered | bounced | complained, or failed, suppressed (dead address), skipped (turned off, no address), unknown (no answer came: not repeated).';
comment on column public.notifications.read_at is 'When the user saw it in the app.';
comment on column public.notifications.provider is 'Who was asked to deliver the e-mail; offline: it is in the local mailbox.';
comment on column public.notifications.provider_message_id is 'The provider''s name for it.';
comment on column public.notifications.error_code is 'Why no e-mail arrived, stable; see docs/error-codes.md.';
comment on column public.notifications.error_message is 'The same for people.';
comment on column public.notifications.sent_at is 'When the provider took it.';

create index notifications_feed_idx on public.notifications (user_id, created_at desc, id);
create index notifications_workspace_idx on public.notifications (workspace_id);
create index notifications_kind_idx on public.notifications (kind);
create index notifications_created_idx on public.notifications using brin (created_at);

alter table public.notifications enable row level security;

create policy select_self on public.notifications for select to authenticated using (user_id = (select app.user_id()));

comment on policy select_self on public.notifications is 'Only the user it is for; nobody else learns what they are told, or their address.';

revoke all on table public.notifications from public, anon, authenticated, service_role;
grant select on table public.notifications to authenticated, service_role;

create trigger touch_updated_at before update on public.notifications
  for each row execute function app.touch_updated_at();
comment on trigger touch_updated_at on public.notifications is 'Stamps updated_at.';

------------------------------------------------------------------------------------------------
-- app.notification_secrets
------------------------------------------------------------------------------------------------
create table app.notification_secrets (
  notification_id uuid primary key references public.notifications (id) on delete cascade,
  secret text not null
);

comment on table app.notification_secrets is 'What only the e-mail may hold, such as an invitation''s token: from its writing until its e-mail has ended.';

alter table app.notification_secrets enable row level security;

revoke all on table app.notification_secrets from public, anon, authenticated, service_role;

------------------------------------------------------------------------------------------------
-- public.notification_preferences
------------------------------------------------------------------------------------------------
create table public.notification_preferences (
  user_id uuid not null references public.profiles (user_id) on delete cascade,
  kind text not null references app.notification_kinds (kind) on update cascade on delete cascade,
  email boolean not null,
  updated_at timestamptz not null default now(),
  primary key (user_id, kind)
);

comment on table public.notification_preferences is 'Which e-mails a user wants; without a row: yes. Changed by RPC.';
comment on column public.notification_preferences.email is 'False: no e-mails of this kind.';

create index notification_preferences_kind_idx on public.notification_preferences (kind);

alter table public.notification_preferences enable row level security;

create policy select_self on public.notification_preferences for select to authenticated using (user_id = (select app.user_id()));

comment on policy select_self on public.notification_preferences is 'A user''s own.';

revoke all on table public.notification_preferences from public, anon, authenticated, service_role;
grant select on table public.notification_preferences to authenticated;

------------------------------------------------------------------------------------------------
-- app.suppressions
------------------------------------------------------------------------------------------------
create table app.suppressions (
  email text primary key check (email = lower(email)),
  reason text not null check (reason in ('bounced', 'complained', 'unsubscribed')),
  created_at timestamptz not null default now()
);

comment on table app.suppressions is 'Addresses that get no e-mail any more: it does not exist, or its owner does not want ours. app.lift_suppression removes a row.';

alter table app.suppressions enable row level security;

revoke all on table app.suppressions from public, anon, authenticated, service_role;

------------------------------------------------------------------------------------------------
-- app.mail_batches
------------------------------------------------------------------------------------------------
create table app.mail_batches (
  id uuid primary key default gen_random_uuid(),
  digest bytea not null unique check (octet_length(digest) = 32),
  events jsonb not null check (jsonb_typeof(events) = 'array'),
  received_at timestamptz not null default now(),
  applied_at timestamptz
);

comment on table app.mail_batches is 'What the mail provider told of messages, each batch once; kept for a week.';

alter table app.mail_batches enable row level security;

revoke all on table app.mail_batches from public, anon, authenticated, service_role;
grant select on table app.mail_batches to lamina_worker;
