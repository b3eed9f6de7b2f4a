-- Purpose:  the first price list: five plans, two credit packs. Later versions come by public.admin_save_plan.
-- Risk:     none, rows of new tables only.
-- Way back: drop the tables of billing_plans.
set local lock_timeout = '5s';

insert into public.plans (plan, name, description, rank) values
  ('free', 'Free', 'To try it out, alone or with a few people.', 0),
  ('starter', 'Starter', 'For a first product.', 10),
  ('professional', 'Professional', 'For a team that sells.', 20),
  ('business', 'Business', 'For departments: sales, service, marketing.', 30),
  ('enterprise', 'Enterprise', 'On terms of its own; talk to us.', 40);

insert into public.plan_versions (plan, version, currency, monthly_amount, annual_amount, spend_cap_amount, queue_weight) values
  ('free', 1, 'usd', 0, null, 0, 1),
  ('starter', 1, 'usd', 2900, 29000, 5000, 2),
  ('professional', 1, 'usd', 9900, 99000, 20000, 4),
  ('business', 1, 'usd', 29900, 299000, 100000, 8),
  ('enterprise', 1, 'usd', null, null, null, 16);

insert into public.plan_limits (plan_version_id, metric, included, overage_amount, overage_per)
select v.id, l.metric, l.included, l.overage_amount, l.overage_per
from (values
  ('free', 'requests', 100::bigint, null::int, null::bigint),
  ('free', 'voice_seconds', 600, null, null),
  ('free', 'storage_bytes', 104857600, null, null),
  ('free', 'documents', 50, null, null),
  ('free', 'seats', 3, null, null),
  ('starter', 'requests', 2000, 100, 100),
  ('starter', 'voice_seconds', 3600, 100, 600),
  ('starter', 'storage_bytes', 1073741824, null, null),
  ('starter', 'documents', 500, null, null),
  ('starter', 'seats', 5, null, null),
  ('professional', 'requests', 10000, 80, 100),
  ('professional', 'voice_seconds', 18000, 80, 600),
  ('professional', 'storage_bytes', 10737418240, null, null),
  ('professional', 'documents', 5000, null, null),
  ('professional', 'seats', 20, null, null),
  ('business', 'requests', 50000, 60, 100),
  ('business', 'voice_seconds', 72000, 60, 600),
  ('business', 'storage_bytes', 107374182400, null, null),
  ('business', 'documents', 50000, null, null),
  ('business', 'seats', 100, null, null),
  ('enterprise', 'requests', null, null, null),
  ('enterprise', 'voice_seconds', null, null, null),
  ('enterprise', 'storage_bytes', null, null, null),
  ('enterprise', 'documents', null, null, null),
  ('enterprise', 'seats', null, null, null)
) as l (plan, metric, included, overage_amount, overage_per)
join public.plan_versions as v on v.plan = l.plan;

insert into public.plan_entitlements (plan_version_id, entitlement)
select v.id, e.entitlement
from (values
  ('credits.buy', '{starter,professional,business,enterprise}'::text[]),
  ('usage.history', '{starter,professional,business,enterprise}'),
  ('models.premium', '{professional,business,enterprise}'),
  ('voice', '{free,starter,professional,business,enterprise}'),
  ('channels', '{starter,professional,business,enterprise}'),
  ('campaigns', '{professional,business,enterprise}'),
  ('integrations', '{professional,business,enterprise}')
) as e (entitlement, plans)
join public.plan_versions as v on v.plan = any (e.plans);

insert into public.credit_packs (pack, name, metric, quantity, currency, amount) values
  ('requests_1000', '1,000 more requests', 'requests', 1000, 'usd', 900),
  ('voice_1h', 'One more hour of voice', 'voice_seconds', 3600, 'usd', 600);
