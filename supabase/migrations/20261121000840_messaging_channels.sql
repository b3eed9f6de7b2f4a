-- Purpose:  channels to people outside (WhatsApp by ManyChat), their secrets, and token buckets for vendors' rate limits.
-- Risk:     plan free gets the entitlement channels.
-- Way back: drop the tables; delete the permissions channels.*, contacts.*, webhooks.manage and the job kinds messaging.*.
set local lock_timeout = '5s';

insert into public.role_permissions (role, permission)
select role, permission
from (values
  ('channels.read', '{owner,admin,editor,sales,support,marketing}'::text[]),
  ('channels.manage', '{owner,admin}'),
  ('channels.send', '{owner,admin,support}'),
  ('contacts.read', '{owner,admin,sales,support,marketing}'),
  ('contacts.write', '{owner,admin,sales,support,marketing}'),
  ('webhooks.manage', '{owner,admin}')
) as grants (permission, roles)
cross join unnest(roles) as role;

insert into public.plan_entitlements (plan_version_id, entitlement)
select v.id, 'channels' from public.plan_versions as v where v.plan = 'free';

-- No provider: keys and addresses are tenants' own, and one that is told to wait holds nobody else back.
insert into app.job_kinds (kind, lane, max_attempts, cost) values
  ('messaging.send_reply', 'outbound', 8, 1),
  ('messaging.check_channel', 'interactive', 8, 1),
  ('messaging.deliver_webhook', 'bulk', 9, 1),
  ('messaging.purge', 'bulk', 3, 1);

------------------------------------------------------------------------------------------------
-- public.channels
------------------------------------------------------------------------------------------------
create table public.channels (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  kind text not null default 'manychat' check (kind in ('manychat')),
  name text not null check (app.is_name(name)),
  page_key_last4 text check (length(page_key_last4) = 4),
  page_name text,
  ack_texts jsonb not null default '{"fr": "OK, bien reçu", "en": "OK, got it"}'
    check (jsonb_typeof(ack_texts) = 'object'),
  unavailable_texts jsonb not null default
    '{"fr": "Désolé, je ne peux pas répondre pour le moment.", "en": "Sorry, I cannot answer at the moment."}'
    check (jsonb_typeof(unavailable_texts) = 'object'),
  not_answered_texts jsonb not null default
    '{"fr": "Je n’ai pas la réponse. Pouvez-vous préciser votre question ?",
      "en": "I do not have an answer to that. Could you tell me more about what you need?"}'
    check (jsonb_typeof(not_answered_texts) = 'object'),
  passed_on_texts jsonb not null default
    '{"fr": "Je n’ai pas la réponse : je transmets votre message à l’équipe.",
      "en": "I do not have an answer to that, so I am passing your message on to the team."}'
    check (jsonb_typeof(passed_on_texts) = 'object'),
  attachment_texts jsonb not null default
    '{"fr": "Je ne lis que du texte pour l’instant.", "en": "I can only read text for now."}'
    check (jsonb_typeof(attachment_texts) = 'object'),
  on_unanswered text not null default 'say' check (on_unanswered in ('say', 'ticket')),
  default_language text not null default 'fr' check (default_language ~ '^[a-z]{2,3}$'),
  status text not null default 'active' check (status in ('active', 'broken', 'disabled')),
  error_code text,
  error_message text,
  created_by uuid not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

comment on table public.channels is 'Ways by which people outside write to a workspace and are answered.';
comment on column public.channels.kind is 'manychat: WhatsApp through a ManyChat page.';
comment on column public.channels.name is 'For members, in lists.';
comment on column public.channels.page_key_last4 is 'End of the vendor''s key, which nobody reads back; null: no key yet, so nothing can be sent.';
comment on column public.channels.page_name is 'Name of the page behind the key, as the vendor tells it.';
comment on column public.channels.ack_texts is 'Said at once to whoever writes: language → text.';
comment on column public.channels.unavailable_texts is 'Said when there will be no answer: language → text.';
comment on column public.channels.not_answered_texts is 'Said when the documents do not answer and nobody is told of it: language → text.';
comment on column public.channels.passed_on_texts is 'Said when the documents do not answer and those who answer tickets are told: language → text.';
comment on column public.channels.attachment_texts is 'Said to who sends a picture, a voice message or anything else without words: language → text.';
comment on column public.channels.on_unanswered is 'What becomes of a question that the documents do not answer. say: the person is told so; ticket: it becomes a ticket, or is told in the one there is.';
comment on column public.channels.default_language is 'Language for people whose own has no text.';
comment on column public.channels.status is 'active; broken: the vendor refuses the key, nothing is sent until a new one is set; disabled: messages are refused.';
comment on column public.channels.error_code is 'Why it is broken, stable; see docs/error-codes.md.';
comment on column public.channels.error_message is 'The same for people.';

create index channels_workspace_idx on public.channels (workspace_id);

alter table public.channels enable row level security;

create policy select_members on public.channels
  for select to authenticated
  using (workspace_id = any (array(select app.workspaces_with('channels.read'))));

comment on policy select_members on public.channels is 'Those who work with contacts see where these write; keys and secrets are elsewhere.';

revoke all on table public.channels from public, anon, authenticated, service_role;
grant select on table public.channels to authenticated, service_role, lamina_worker;

create trigger touch_updated_at before update on public.channels
  for each row execute function app.touch_updated_at();
comment on trigger touch_updated_at on public.channels is 'Stamps updated_at.';

------------------------------------------------------------------------------------------------
-- app.channel_secrets
------------------------------------------------------------------------------------------------
create table app.channel_secrets (
  channel_id uuid primary key references public.channels (id) on delete cascade,
  page_key text,
  inbound_hash bytea not null check (octet_length(inbound_hash) = 32),
  previous_hash bytea check (octet_length(previous_hash) = 32),
  previous_until timestamptz
);

comment on table app.channel_secrets is 'Kept apart from the channels, so that no client reads them; only the worker does.';
comment on column app.channel_secrets.page_key is 'The vendor''s key, as the customer gave it.';
comment on column app.channel_secrets.inbound_hash is 'sha256 of the secret that messages must bring, which was shown once and is stored nowhere.';
comment on column app.channel_secrets.previous_hash is 'The one before, good until previous_until, so that a rotation loses no message.';

alter table app.channel_secrets enable row level security;

revoke all on table app.channel_secrets from public, anon, authenticated, service_role;
grant select on table app.channel_secrets to lamina_worker;

------------------------------------------------------------------------------------------------
-- app.token_buckets
------------------------------------------------------------------------------------------------
create table app.token_buckets (
  bucket text primary key,
  free_at timestamptz not null
);

comment on table app.token_buckets is 'Rate limits that all workers keep together: one row per limit, locked for a moment by each taker.';
comment on column app.token_buckets.bucket is '<vendor>:<sha256 of the key>.';
comment on column app.token_buckets.free_at is 'When everything taken so far has flowed in again (the theoretical arrival time of GCRA).';

alter table app.token_buckets enable row level security;

revoke all on table app.token_buckets from public, anon, authenticated, service_role;

create function app.take_tokens(
  p_bucket text, p_rate float8, p_burst float8, p_tokens float8 default 1, p_patience float8 default 0
) returns float8
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_now timestamptz := clock_timestamp();
  v_free_at timestamptz;
  v_wait float8;
begin
  insert into app.token_buckets (bucket, free_at) values (p_bucket, v_now) on conflict (bucket) do nothing;
  select b.free_at into v_free_at from app.token_buckets as b where b.bucket = p_bucket for no key update;
  v_now := clock_timestamp();
  v_free_at := greatest(v_free_at, v_now) + make_interval(secs => p_tokens / p_rate);
  v_wait := greatest(0, extract(epoch from v_free_at - v_now) - p_burst / p_rate);
  if v_wait <= p_patience then
    update app.token_buckets as b set free_at = v_free_at where b.bucket = p_bucket;
  end if;
  return v_wait;
end;
$$;

comment on function app.take_tokens(text, float8, float8, float8, float8) is
  'Seconds to wait for tokens of a bucket that holds p_burst and gets p_rate a second. Up to p_patience they are taken and will be there after the wait; beyond it none is taken: ask again then. Any span of t seconds sees at most p_burst + t × p_rate.';

create function app.hold_bucket(p_bucket text, p_seconds float8) returns void
language sql volatile security definer set search_path = ''
begin atomic
  insert into app.token_buckets as b (bucket, free_at)
  values (p_bucket, pg_catalog.clock_timestamp() + pg_catalog.make_interval(secs => p_seconds))
  on conflict (bucket) do update set free_at = greatest(b.free_at, excluded.free_at);
end;

comment on function app.hold_bucket(text, float8) is 'The vendor asked us to slow down: no token for so many seconds.';

revoke execute on function app.take_tokens(text, float8, float8, float8, float8) from public, anon, authenticated, service_role;
revoke execute on function app.hold_bucket(text, float8) from public, anon, authenticated, service_role;
grant execute on function app.take_tokens(text, float8, float8, float8, float8) to lamina_worker;
grant execute on function app.hold_bucket(text, float8) to lamina_worker;
