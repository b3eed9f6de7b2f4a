-- Every table of ours has a primary key.
select c.oid::regclass::text, 'no primary key'
from pg_class as c
where c.relnamespace in ('public'::regnamespace, 'app'::regnamespace) and c.relkind in ('r', 'p')
  and not exists (select from pg_constraint as k where k.conrelid = c.oid and k.contype = 'p')
