-- Purpose:  campaigns, their recipients and numbers, who a workspace writes as, and the keys that sign links in mails.
-- Risk:     a trigger on public.contacts that fires before a contact is deleted.
-- Way back: drop the five tables and the functions of this file; delete the job kinds marketing.* and the kind
--           of notification campaign_paused.
set local lock_timeout = '5s';

insert into app.job_kinds (kind, lane, max_attempts, provider, cost) values
  ('marketing.start_campaign', 'bulk', 5, null, 1),
  ('marketing.send_batch', 'bulk', 10, 'email', 1),
  ('marketing.roll_up', 'bulk', 5, null, 1);

insert into app.notification_kinds (kind, is_optional, description) values
  ('campaign_paused', false, 'A campaign stopped by itself before everybody had it.');

------------------------------------------------------------------------------------------------
-- public.marketing_settings
------------------------------------------------------------------------------------------------
create table public.marketing_settings (
  workspace_id uuid primary key references public.workspaces (id) on delete cascade,
  sender_name text not null check (length(trim(sender_name)) between 1 and 100),
  reply_to text check (length(reply_to) <= 254 and reply_to ~ '^[^@\s]+@[^@\s]+\.[^@\s]+$'),
  postal_address text not null check (length(trim(postal_address)) between 5 and 300),
  mails_per_second numeric not null default 20 check (mails_per_second between 0.1 and 1000),
  track_opens boolean not null default true,
  track_clicks boolean not null default true,
  updated_at timestamptz not null default now()
);

comment on table public.marketing_settings is 'Who a workspace''s campaigns are from. Without a row none can begin.';
comment on column public.marketing_settings.sender_name is 'Beside the installation''s own address, in From.';
comment on column public.marketing_settings.reply_to is 'Where answers go; null: where the installation''s go.';
comment on column public.marketing_settings.postal_address is 'Below each mail, as laws on commercial mail want it.';
comment on column public.marketing_settings.mails_per_second is 'At most, over all campaigns and workers.';
comment on column public.marketing_settings.track_opens is 'A picture of one pixel tells that a mail was opened.';
comment on column public.marketing_settings.track_clicks is 'Links lead over a redirect that counts.';

alter table public.marketing_settings enable row level security;

create policy select_members on public.marketing_settings
  for select to authenticated
  using (workspace_id = any (array(select app.workspaces_with('campaigns.read'))));
create policy insert_marketers on public.marketing_settings
  for insert to authenticated
  with check (workspace_id = any (array(select app.workspaces_with('campaigns.write'))));
create policy update_marketers on public.marketing_settings
  for update to authenticated
  using (workspace_id = any (array(select app.workspaces_with('campaigns.write'))))
  with check (workspace_id = any (array(select app.workspaces_with('campaigns.write'))));

comment on policy select_members on public.marketing_settings is 'Whoever plans or follows campaigns.';
comment on policy insert_marketers on public.marketing_settings is 'Those who send them.';
comment on policy update_marketers on public.marketing_settings is 'Those who send them.';

revoke all on table public.marketing_settings from public, anon, authenticated, service_role;
grant select, insert (workspace_id, sender_name, reply_to, postal_address, mails_per_second, track_opens, track_clicks),
  update (workspace_id, sender_name, reply_to, postal_address, mails_per_second, track_opens, track_clicks)
  on table public.marketing_settings to authenticated;
grant select on table public.marketing_settings to service_role;

create trigger touch_updated_at before update on public.marketing_settings
  for each row execute function app.touch_updated_at();
comment on trigger touch_updated_at on public.marketing_settings is 'Stamps updated_at.';

create function app.check_marketing_settings() returns trigger
language plpgsql volatile security invoker set search_path = '' as $$
begin
  if length(trim(new.sender_name)) between 1 and 100 is not true then
    perform app.fail(400, 'marketing.sender_invalid', 'Campaigns are from a name of 1 to 100 characters.');
  elsif length(trim(new.postal_address)) between 5 and 300 is not true then
    perform app.fail(400, 'marketing.postal_invalid', 'A postal address has 5 to 300 characters; laws want it below each mail.');
  elsif length(new.reply_to) > 254 or new.reply_to !~ '^[^@\s]+@[^@\s]+\.[^@\s]+$' then
    perform app.fail(400, 'marketing.reply_invalid', 'Answers go to an e-mail address, or to none.');
  elsif new.mails_per_second between 0.1 and 1000 is not true then
    perform app.fail(400, 'marketing.rate_invalid', 'Between 0.1 and 1,000 mails leave in a second.');
  end if;
  return new;
end;
$$;

comment on function app.check_marketing_settings() is 'Trigger: what a member writes by hand is refused in words, with a code per field.';

create trigger check_marketing_settings before insert or update on public.marketing_settings
  for each row execute function app.check_marketing_settings();
comment on trigger check_marketing_settings on public.marketing_settings is 'Before the constraints, which say the same in no words.';

------------------------------------------------------------------------------------------------
-- public.campaigns
------------------------------------------------------------------------------------------------
create table public.campaigns (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  name text not null check (length(trim(name)) between 1 and 100),
  segment_id uuid,
  subject text not null default '' check (length(subject) <= 200),
  body text not null default '' check (length(body) <= 50000),
  status text not null default 'draft' check (status in ('draft', 'scheduled', 'sending', 'paused', 'sent', 'cancelled')),
  scheduled_at timestamptz,
  started_at timestamptz,
  finished_at timestamptz,
  provider text,
  error_code text,
  error_message text,
  created_by uuid default app.user_id(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  foreign key (workspace_id, segment_id) references public.segments (workspace_id, id) on delete set null (segment_id)
);

comment on table public.campaigns is 'A mail to many. A draft is written like any row; everything after that goes through RPCs.';
comment on column public.campaigns.name is 'For people inside.';
comment on column public.campaigns.segment_id is 'Whom it goes to: those who fit when sending begins.';
comment on column public.campaigns.subject is 'May hold placeholders: {{name}}, or {{first_name|you}} with what stands there when it is not known.';
comment on column public.campaigns.body is
  'Paragraphs between empty lines; "# " begins a heading, "- " a point of a list; [words](https://…) is a link, **words** are bold. Placeholders as in subject.';
comment on column public.campaigns.status is 'draft → scheduled → sending ⇄ paused → sent | cancelled; back to draft when it could not begin.';
comment on column public.campaigns.scheduled_at is 'When sending begins.';
comment on column public.campaigns.started_at is 'When recipients were chosen.';
comment on column public.campaigns.finished_at is 'When it was sent or cancelled.';
comment on column public.campaigns.provider is 'Who was asked to deliver; offline: it is in the local mailbox.';
comment on column public.campaigns.error_code is 'Why it could not begin, or was paused by itself, stable; see docs/error-codes.md.';
comment on column public.campaigns.error_message is 'The same for people.';

create index campaigns_workspace_idx on public.campaigns (workspace_id, created_at desc, id);
create index campaigns_segment_idx on public.campaigns (workspace_id, segment_id);

alter table public.campaigns enable row level security;

create policy select_members on public.campaigns
  for select to authenticated
  using (workspace_id = any (array(select app.workspaces_with('campaigns.read'))));
create policy insert_marketers on public.campaigns
  for insert to authenticated
  with check (workspace_id = any (array(select app.workspaces_with('campaigns.write'))));
create policy update_marketers on public.campaigns
  for update to authenticated
  using (workspace_id = any (array(select app.workspaces_with('campaigns.write'))))
  with check (workspace_id = any (array(select app.workspaces_with('campaigns.write'))));
create policy delete_marketers on public.campaigns
  for delete to authenticated
  using (workspace_id = any (array(select app.workspaces_with('campaigns.write'))));

comment on policy select_members on public.campaigns is 'Whoever plans or follows campaigns.';
comment on policy insert_marketers on public.campaigns is 'A draft costs nothing: the plan is asked when it is scheduled.';
comment on policy update_marketers on public.campaigns is 'Of drafts only, says a trigger.';
comment on policy delete_marketers on public.campaigns is 'Not while it is sent, says a trigger.';

revoke all on table public.campaigns from public, anon, authenticated, service_role;
grant select, delete, insert (id, workspace_id, name, segment_id, subject, body), update (name, segment_id, subject, body)
  on table public.campaigns to authenticated;
grant select on table public.campaigns to service_role;

create trigger touch_updated_at before update on public.campaigns
  for each row execute function app.touch_updated_at();
comment on trigger touch_updated_at on public.campaigns is 'Stamps updated_at.';

------------------------------------------------------------------------------------------------
-- public.campaign_recipients
------------------------------------------------------------------------------------------------
create table public.campaign_recipients (
  id uuid primary key default gen_random_uuid(),
  campaign_id uuid not null references public.campaigns (id) on delete cascade,
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  contact_id uuid references public.contacts (id) on delete set null,
  email text check (app.is_email(email)),
  batch int not null,
  status text not null default 'queued' check (status in (
    'queued', 'sending', 'sent', 'delivered', 'bounced', 'complained', 'failed', 'skipped', 'cancelled', 'unknown')),
  opens int not null default 0,
  clicks int not null default 0,
  opened_at timestamptz,
  clicked_at timestamptz,
  unsubscribed_at timestamptz,
  sent_at timestamptz,
  provider_message_id text,
  tries int not null default 0,
  not_before timestamptz,
  error_code text,
  error_message text,
  unique (campaign_id, contact_id),
  unique (campaign_id, email)
);

comment on table public.campaign_recipients is 'The outbox of a campaign, marked before each call: one row and one mail per address, and what became of it.';
comment on column public.campaign_recipients.contact_id is 'Null once the contact is deleted: the numbers stay, the person is gone.';
comment on column public.campaign_recipients.email is 'In lower case, as it was when sending began; null once the contact is deleted.';
comment on column public.campaign_recipients.batch is 'Which job sends it.';
comment on column public.campaign_recipients.status is
  'queued → sending → sent → delivered | bounced | complained, or failed, skipped (no consent at that moment), cancelled, unknown (no answer came: not repeated).';
comment on column public.campaign_recipients.opens is 'How often the pixel was loaded; programs load it too.';
comment on column public.campaign_recipients.clicks is 'How often a link was followed.';
comment on column public.campaign_recipients.opened_at is 'The first time; a click counts as opened.';
comment on column public.campaign_recipients.clicked_at is 'The first time.';
comment on column public.campaign_recipients.unsubscribed_at is 'By the link of this mail.';
comment on column public.campaign_recipients.sent_at is 'When the provider took it.';
comment on column public.campaign_recipients.provider_message_id is 'The provider''s name for it.';
comment on column public.campaign_recipients.tries is 'How often their mailbox was refused for the moment.';
comment on column public.campaign_recipients.not_before is 'When the mailbox is tried again, after such a refusal.';
comment on column public.campaign_recipients.error_code is 'Why it did not arrive, or waits, stable; see docs/error-codes.md.';
comment on column public.campaign_recipients.error_message is 'The same for people.';

create index campaign_recipients_workspace_idx on public.campaign_recipients (workspace_id);
create index campaign_recipients_contact_idx on public.campaign_recipients (contact_id);
create index campaign_recipients_open_idx on public.campaign_recipients (campaign_id, batch, id) where status in ('queued', 'sending');

alter table public.campaign_recipients enable row level security;

create policy select_members on public.campaign_recipients
  for select to authenticated
  using (workspace_id = any (array(select app.workspaces_with('contacts.read'))));

comment on policy select_members on public.campaign_recipients is 'Addresses are personal data: for those who read contacts. Others have the numbers.';

revoke all on table public.campaign_recipients from public, anon, authenticated, service_role;
grant select on table public.campaign_recipients to authenticated, service_role, lamina_worker;

revoke execute on function app.check_marketing_settings() from public, anon, authenticated, service_role;
