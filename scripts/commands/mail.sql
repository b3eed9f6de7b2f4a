-- name: suppressions
-- Addresses that get no e-mail, newest first.
select s.email, s.reason, s.created_at as since from app.suppressions as s order by s.created_at desc, s.email limit %(limit)s;

-- name: unsuppress
-- Takes an address off the list; a row of nulls when it was not on it.
select l.email, l.reason, l.created_at as since from app.lift_suppression(%(email)s) as l;
