-- Times are timestamptz and end in _at, _until or say what they are; text has no length limit in its type.
select format('%s.%s', c.oid::regclass, a.attname), problem
from pg_class as c
join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
cross join lateral (values
  (a.atttypid = 'timestamp'::regtype, 'is a timestamp without time zone'),
  (a.attname like '%\_at' and a.atttypid <> 'timestamptz'::regtype, 'ends in _at and is no timestamptz'),
  (a.atttypid in ('varchar'::regtype, 'bpchar'::regtype), 'is varchar or char: use text and a check'),
  (a.atttypid = 'json'::regtype, 'is json: use jsonb'),
  (a.attname <> lower(a.attname), 'is not lower case')
) as check_ (broken, problem)
where c.relnamespace in ('public'::regnamespace, 'app'::regnamespace) and c.relkind in ('r', 'p') and check_.broken
