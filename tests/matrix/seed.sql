-- One row per table of ours in the cast's workspace, for the matrix to be tried on. :names come from the cast.
insert into public.workspace_invitations (id, workspace_id, email, role, invited_by)
values (%(invitation)s, %(workspace)s, 'guest@example.test', 'viewer', %(admin)s);

insert into public.documents (id, workspace_id, kind, title, created_by)
values (%(document)s, %(workspace)s, 'text', 'Handbook', %(editor)s);

insert into public.document_versions (document_id, version, workspace_id, content, created_by)
values (%(document)s, 1, %(workspace)s, 'Work begins at nine.', %(editor)s);

insert into public.chunks (
  workspace_id, document_id, ordinal, content, page_from, page_to, char_from, char_to, content_hash,
  embedding_model, embedding)
values (
  %(workspace)s, %(document)s, 0, 'Work begins at nine.', 1, 1, 0, 20, sha256('x'), 'none',
  array_fill(0.1::real, array[1536])::extensions.halfvec);

insert into public.conversations (id, workspace_id, title, created_by)
values (%(conversation)s, %(workspace)s, 'Hours', %(editor)s);

insert into public.messages (workspace_id, conversation_id, role, content, created_by)
values (%(workspace)s, %(conversation)s, 'user', 'When does work begin?', %(editor)s);

insert into public.searches (workspace_id, query, created_by) values (%(workspace)s, 'hours', %(editor)s);

insert into public.jobs (workspace_id, kind, lane, max_attempts, created_by)
values (%(workspace)s, 'knowledge.run_search', 'interactive', 1, %(editor)s);

insert into public.brands (workspace_id, name) values (%(workspace)s, 'Cast & Co');

insert into public.ai_tasks (workspace_id, kind, input, created_by)
values (%(workspace)s, 'summarise', '{"text": "Work begins at nine."}', %(editor)s);

insert into public.notes (workspace_id, content, created_by) values (%(workspace)s, 'Ask about nine.', %(editor)s);

insert into public.workspace_settings (workspace_id) values (%(workspace)s);

insert into public.usage_ledger (workspace_id, metric, quantity, status, period_start)
values (%(workspace)s, 'requests', 1, 'committed', now());

insert into public.billing_notices (workspace_id, kind, dedupe_key) values (%(workspace)s, 'limit_80', 'requests');

insert into public.subscriptions (workspace_id, stripe_subscription_id, status, anchor, observed_at)
values (%(workspace)s, 'sub_cast', 'canceled', now(), now());

insert into public.invoices (
  workspace_id, stripe_invoice_id, status, currency, subtotal, tax, total, overage_amount, amount_due, amount_paid,
  amount_remaining, period_start, period_end, issued_at, observed_at)
values (%(workspace)s, 'in_cast', 'paid', 'usd', 2900, 0, 2900, 0, 2900, 2900, 0, now(), now(), now(), now());

insert into public.payments (
  workspace_id, stripe_payment_id, status, amount, amount_refunded, currency, paid_at, observed_at)
values (%(workspace)s, 'pi_cast', 'succeeded', 2900, 0, 'usd', now(), now());

insert into public.billing_sessions (workspace_id, kind, status, url, created_by)
values (%(workspace)s, 'portal', 'open', 'https://pay.example.test/portal', %(owner)s);

insert into public.audit_log (workspace_id, actor_id, action) values (%(workspace)s, %(owner)s, 'platform.plan_given');

insert into public.recordings (workspace_id, title, created_by) values (%(workspace)s, 'memo.m4a', %(editor)s);

insert into public.notifications (workspace_id, user_id, kind, locale, dedupe_key)
values (%(workspace)s, %(editor)s, 'mention', 'en', 'cast');

insert into public.notification_preferences (user_id, kind, email) values (%(editor)s, 'mention', false);

with channel as (
  insert into public.channels (workspace_id, name, created_by) values (%(workspace)s, 'WhatsApp', %(admin)s) returning *
),
contact as (
  insert into public.contacts (workspace_id, name) values (%(workspace)s, 'Marie') returning *
),
identity as (
  insert into public.contact_identities (channel_id, subscriber_id, workspace_id, contact_id)
  select channel.id, '1', channel.workspace_id, contact.id from channel, contact
),
conversation as (
  insert into public.conversations (workspace_id, title, created_by, contact_id, channel_id)
  select channel.workspace_id, 'Marie', null, contact.id, channel.id from channel, contact returning *
),
message as (
  insert into public.messages (workspace_id, conversation_id, role, content, contact_id)
  select c.workspace_id, c.id, 'assistant', 'At nine.', c.contact_id from conversation as c returning *
)
insert into public.message_deliveries (workspace_id, channel_id, contact_id, message_id)
select m.workspace_id, channel.id, m.contact_id, m.id from message as m, channel;

insert into public.webhook_endpoints (workspace_id, url, events, secret_last4, created_by)
values (%(workspace)s, 'https://crm.example.test/hook', '{message.received}', 'abcd', %(admin)s);

with ticket as (
  insert into public.tickets (workspace_id, number, subject) values (%(workspace)s, 1, 'Late parcel') returning *
),
event as (
  insert into public.ticket_events (workspace_id, ticket_id, kind) select t.workspace_id, t.id, 'opened' from ticket as t
),
message as (
  insert into public.ticket_messages (workspace_id, ticket_id, kind, body, author_id)
  select t.workspace_id, t.id, 'customer', 'Where is it?', %(admin)s from ticket as t returning *
)
insert into public.sentiments (workspace_id, ticket_message_id, label, provider, model, said_at)
select m.workspace_id, m.id, 'unknown', 'lexicon', 'lexicon:vader', now() from message as m;

insert into public.sla_policies (workspace_id, priority, first_response_minutes) values (%(workspace)s, 'normal', 60);

with connection as (
  insert into public.connections (workspace_id, kind, name, created_by)
  values (%(workspace)s, 'generic', 'ERP', %(admin)s) returning *
),
contact as (
  insert into public.contacts (workspace_id, name) values (%(workspace)s, 'Ada') returning *
)
insert into public.connection_records (connection_id, contact_id, workspace_id, status)
select connection.id, contact.id, contact.workspace_id, 'linked' from connection, contact;

with account as (
  insert into public.social_accounts (workspace_id, platform, kind, subject, created_by)
  values (%(workspace)s, 'github', 'repo', 'cast/play', %(editor)s) returning *
)
insert into public.social_snapshots (account_id, day, workspace_id, platform, status, source, stars)
select id, current_date, workspace_id, platform, 'ok', 'github', 3 from account;

insert into public.social_budgets (workspace_id, limit_microusd) values (%(workspace)s, 350000);

insert into public.social_spending (workspace_id, month, spent_microusd) values (%(workspace)s, '2026-11-01', 10000);

insert into public.forms (workspace_id, name) values (%(workspace)s, 'Contact us');

insert into public.segments (workspace_id, name, filter) values (%(workspace)s, 'Everybody', '{"all": []}');

insert into public.marketing_settings (workspace_id, sender_name, postal_address)
values (%(workspace)s, 'The cast', '1 Stage Street, London');

insert into public.mail_suppressions (workspace_id, email, reason) values (%(workspace)s, 'a@example.test', 'withdrawn');

insert into public.consent_events (workspace_id, contact_id, consent)
select c.workspace_id, c.id, 'granted' from public.contacts as c where c.workspace_id = %(workspace)s limit 1;

with campaign as (
  insert into public.campaigns (workspace_id, name) values (%(workspace)s, 'Spring') returning *
),
stats as (
  insert into public.campaign_stats (campaign_id, workspace_id) select c.id, c.workspace_id from campaign as c
)
insert into public.campaign_recipients (campaign_id, workspace_id, email, batch)
select c.id, c.workspace_id, 'marie@example.test', 1 from campaign as c;

select app.note_activity(%(workspace)s, %(admin)s, 'created', 'connection', gen_random_uuid());

insert into public.pipelines (id, workspace_id, name) values ('00000000-0000-0000-0000-00000000005a', %(workspace)s, 'Nets');

insert into public.contacts (id, workspace_id, name) values ('00000000-0000-0000-0000-00000000005b', %(workspace)s, 'Paul');

insert into public.leads (workspace_id, contact_id, interest)
values (%(workspace)s, '00000000-0000-0000-0000-00000000005b', 'Nets');

with stage as (
  insert into public.stages (workspace_id, pipeline_id, name, probability, position)
  values (%(workspace)s, '00000000-0000-0000-0000-00000000005a', 'New', 10, 1) returning *
)
insert into public.deals (workspace_id, pipeline_id, stage_id, title, rank)
select s.workspace_id, s.pipeline_id, s.id, 'Nets', 0 from stage as s;

insert into public.contact_scores (contact_id, workspace_id, score)
values ('00000000-0000-0000-0000-00000000005b', %(workspace)s, 5);

insert into public.lead_scores (contact_id, workspace_id, score, cause)
values ('00000000-0000-0000-0000-00000000005b', %(workspace)s, 5, 'rules');

with comment as (
  insert into public.comments (workspace_id, document_id, version, body, created_by)
  values (%(workspace)s, %(document)s, 1, 'Nine sharp?', %(editor)s) returning *
)
insert into public.comment_mentions (comment_id, user_id, workspace_id)
select c.id, %(admin)s, c.workspace_id from comment as c;

insert into public.courses (id, workspace_id, title, status, teacher_id, created_by)
values ('00000000-0000-0000-0000-00000000001c', %(workspace)s, 'Acting', 'published', %(editor)s, %(editor)s);

insert into public.lessons (id, course_id, workspace_id, title, position, is_published, created_by)
values ('00000000-0000-0000-0000-00000000001d', '00000000-0000-0000-0000-00000000001c', %(workspace)s, 'Voice', 1, true, %(editor)s);

insert into public.enrolments (course_id, user_id, workspace_id, enrolled_by)
values ('00000000-0000-0000-0000-00000000001c', %(viewer)s, %(workspace)s, %(editor)s);

insert into public.lesson_progress (lesson_id, user_id, workspace_id)
values ('00000000-0000-0000-0000-00000000001d', %(viewer)s, %(workspace)s);

with question as (
  insert into public.lesson_questions (workspace_id, lesson_id, audience, body, asked_by)
  values (%(workspace)s, '00000000-0000-0000-0000-00000000001d', 'teacher', 'How loud?', %(viewer)s) returning *
)
insert into public.lesson_answers (question_id, workspace_id, body, author_id)
select q.id, q.workspace_id, 'To the last row.', %(editor)s from question as q;

with template as (
  insert into public.templates (workspace_id, kind, name) values (%(workspace)s, 'site', 'Own') returning *
),
version as (
  insert into public.template_versions (template_id, version, workspace_id, content)
  select t.id, 1, t.workspace_id, '{"pages": []}' from template as t
),
site as (
  insert into public.sites (workspace_id, name, slug, created_by)
  values (%(workspace)s, 'Cast', 'cast-site', %(editor)s) returning *
),
content as (
  insert into public.site_versions (site_id, version, workspace_id, content, created_by)
  select s.id, 1, s.workspace_id, '{"pages": []}', s.created_by from site as s
),
snapshot as (
  insert into public.site_snapshots (site_id, workspace_id, version, slug, live_slug, name, content)
  select s.id, s.workspace_id, 1, s.slug, s.slug, s.name, '{"pages": []}' from site as s
)
insert into public.site_designs (task_id, site_id, workspace_id, page, created_by)
select t.id, s.id, s.workspace_id, '/', %(editor)s from site as s, public.ai_tasks as t where t.workspace_id = s.workspace_id;

update public.profiles set username = 'cast-editor' where user_id = %(editor)s;

insert into public.portfolios (workspace_id, user_id, is_public, title) values (%(workspace)s, %(editor)s, true, 'The cast');

with project as (
  insert into public.projects (workspace_id, slug, title, status)
  values (%(workspace)s, 'cast-work', 'Work', 'published') returning *
),
media as (
  insert into public.project_media (project_id, workspace_id, kind, object_path, mime, byte_size, rank)
  select p.id, p.workspace_id, 'image', 'cast/1.png', 'image/png', 1, 1 from project as p
),
codes as (
  insert into public.project_codes (project_id, workspace_id, target, png_path, svg_path)
  select p.id, p.workspace_id, 'https://example.test/p/cast-editor/cast-work', 'cast/qr.png', 'cast/qr.svg' from project as p
)
insert into public.project_views (project_id, day, workspace_id, visitors)
select p.id, current_date, p.workspace_id, 3 from project as p;

insert into public.dashboards (workspace_id, domain, numbers) values (%(workspace)s, 'service', '{"open": 1}');
