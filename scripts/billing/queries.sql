-- name: versions
-- All versions of all plans; the newest of a public plan is sold.
select v.id, v.plan, v.version, v.currency, v.monthly_amount, v.annual_amount, p.name, p.description,
  p.is_public and v.version = max(v.version) over (partition by v.plan) as is_sold
from public.plan_versions as v
join public.plans as p on p.plan = v.plan
order by p.rank, v.version;

-- name: overages
-- What more than the included amount costs.
select l.plan_version_id, l.metric, l.overage_amount, l.overage_per
from public.plan_limits as l
where l.overage_amount is not null
order by l.metric;

-- name: packs
-- Credit packs, those off the list too.
select k.pack, k.name, k.currency, k.amount, k.is_sold
from public.credit_packs as k
order by k.pack;

-- name: metrics
-- Everything that is counted.
select m.metric, m.description from public.billing_metrics as m;

-- name: recorded
-- The prices the database knows.
select s.price_id, s.lookup_key, s.product_id, s.is_active, s.is_product_active
from app.stripe_prices as s;

-- name: clock
-- The database's time.
select clock_timestamp() as now;

-- name: record
-- A price of Stripe's, as it was read from that time on; a later reading wins.
insert into app.stripe_prices as s (
  price_id, lookup_key, product_id, plan_version_id, pack, metric, billing_interval, is_active, is_product_active, observed_at)
values (
  %(price_id)s, %(lookup_key)s, %(product_id)s, %(plan_version_id)s, %(pack)s, %(metric)s, %(billing_interval)s,
  %(is_active)s, %(is_product_active)s, %(observed_at)s)
on conflict (price_id) do update
  set lookup_key = excluded.lookup_key, product_id = excluded.product_id, is_active = excluded.is_active,
    is_product_active = excluded.is_product_active, observed_at = excluded.observed_at
  where s.observed_at <= excluded.observed_at;

-- name: record_gone
-- A price that has no key of ours any more, or is at another account: not to be sold.
update app.stripe_prices as s set is_active = false, observed_at = %(observed_at)s
where s.price_id = %(price_id)s and s.observed_at <= %(observed_at)s;
