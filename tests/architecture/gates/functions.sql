-- Functions resolve no name through the caller's search_path, are SECURITY DEFINER only where no client can see them,
-- name their parameters p_… and avoid the name the platform's event trigger trips over.
select f.oid::regprocedure::text, problem
from pg_proc as f
cross join lateral (values
  (not coalesce(f.proconfig @> '{"search_path=\"\""}', false), 'has no set search_path = '''''),
  (f.prosecdef and f.pronamespace <> 'app'::regnamespace, 'is SECURITY DEFINER outside schema app'),
  (f.proname = 'resolve', 'is called resolve'),
  (exists (
    select from unnest(f.proargnames, coalesce(f.proargmodes, array_fill('i'::"char", array[f.pronargs::int]))) as a (name, mode)
    where a.mode in ('i', 'b', 'v') and a.name not like 'p\_%'), 'has a parameter without p_')
) as check_ (broken, problem)
where f.pronamespace in ('public'::regnamespace, 'app'::regnamespace) and check_.broken
