-- name: get_account
-- What is to be asked for, with its token; no row when it is not watched (any more).
select a.id, a.platform, a.kind, a.subject, a.scopes, a.expires_at, a.etag, a.revision, a.failures, s.token,
  exists (select from public.social_snapshots as f where f.account_id = a.id and f.status = 'ok') as has_figures
from public.social_accounts as a
left join app.social_secrets as s on s.account_id = a.id
where a.id = %(account_id)s and a.status = 'active' and a.next_try_at <= now();

-- name: admit
-- May it be read with what is the installation's: go, not_entitled, too_often; null when it is gone.
select app.admit_social_refresh(%(account_id)s, %(cost)s) as verdict;

-- name: begin
-- To be committed before the platform is asked: go, gone, not_entitled, too_often, read_today or over_budget.
select app.begin_social_refresh(%(account_id)s, %(revision)s, %(cost)s) as verdict;

-- name: give_back
-- The platform refused and charged nothing.
select app.return_social_cost(%(account_id)s, %(cost)s);

-- name: refreshed
-- Figures came.
select app.social_refreshed(
  %(account_id)s, %(revision)s, %(source)s, %(metrics)s, %(etag)s, %(next_try_at)s);

-- name: failed
-- None came.
select app.social_failed(
  %(account_id)s, %(revision)s, %(source)s, %(code)s, %(message)s, %(is_broken)s, %(failures)s, %(next_try_at)s);

-- name: postpone
-- There is nothing to do today.
select app.postpone_social(%(account_id)s, %(revision)s, %(next_try_at)s);

-- name: take_token
-- Seconds to wait for one request under the platform's limit; beyond the patience none is taken.
select app.take_tokens(%(bucket)s, %(rate)s, %(burst)s, 1, %(patience)s) as wait;

-- name: hold_bucket
-- The platform asked us to slow down.
select app.hold_bucket(%(bucket)s, %(seconds)s);

-- name: sweep
-- What is due is asked for; who must renew a token is told.
select app.sweep_social() as due;
