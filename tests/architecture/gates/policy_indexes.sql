-- Every column that a policy of ours reads leads an index.
select distinct format('%s.%s', a.attrelid::regclass, a.attname), 'is read by policy ' || p.polname || ' and leads no index'
from pg_policy as p
join pg_class as c on c.oid = p.polrelid and c.relnamespace in ('public'::regnamespace, 'app'::regnamespace)
join pg_depend as d on d.classid = 'pg_policy'::regclass and d.objid = p.oid
  and d.refclassid = 'pg_class'::regclass and d.refobjid = p.polrelid and d.refobjsubid > 0
join pg_attribute as a on a.attrelid = p.polrelid and a.attnum = d.refobjsubid
where not exists (select from pg_index as i where i.indrelid = p.polrelid and i.indkey[0] = a.attnum and i.indpred is null)
