-- A view runs with the rights of who asks, or it would show what row level security hides.
select c.oid::regclass::text, 'not created with (security_invoker = true)'
from pg_class as c
where c.relnamespace in ('public'::regnamespace, 'app'::regnamespace)
  and c.relkind in ('v', 'm')
  and not coalesce(c.reloptions @> '{security_invoker=true}' or c.reloptions @> '{security_invoker=on}', false)
