-- Every table of ours has row level security, also those that only functions and the worker touch.
select c.oid::regclass::text, 'row level security is not enabled'
from pg_class as c
where c.relnamespace in ('public'::regnamespace, 'app'::regnamespace)
  and c.relkind in ('r', 'p') and not c.relrowsecurity
