-- No API role can empty a table past its policies, hang triggers on it or reference it.
select format('%s for %s', c.oid::regclass, role_name), 'has ' || privilege
from pg_class as c
cross join unnest(array['anon', 'authenticated', 'service_role']) as role_name
cross join unnest(array['TRUNCATE', 'TRIGGER', 'REFERENCES']) as privilege
where c.relnamespace in ('public'::regnamespace, 'app'::regnamespace) and c.relkind in ('r', 'p', 'v', 'm')
  and has_table_privilege(role_name, c.oid, privilege)
