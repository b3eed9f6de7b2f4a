-- Nothing of ours is granted to PUBLIC.
with granted (name, acl) as (
  select 'schema app', coalesce(n.nspacl, acldefault('n', n.nspowner)) from pg_namespace as n where n.nspname = 'app'
  union all
  select 'relation ' || c.oid::regclass, coalesce(c.relacl, acldefault(case c.relkind when 'S' then 's'::"char" else 'r' end, c.relowner))
  from pg_class as c
  where c.relnamespace in ('public'::regnamespace, 'app'::regnamespace) and c.relkind in ('r', 'p', 'v', 'm', 'S')
  union all
  select 'column ' || a.attrelid::regclass || '.' || a.attname, a.attacl
  from pg_attribute as a join pg_class as c on c.oid = a.attrelid
  where c.relnamespace in ('public'::regnamespace, 'app'::regnamespace) and a.attacl is not null
  union all
  select 'function ' || f.oid::regprocedure, coalesce(f.proacl, acldefault('f', f.proowner))
  from pg_proc as f where f.pronamespace in ('public'::regnamespace, 'app'::regnamespace)
)
select granted.name, 'PUBLIC has ' || right_.privilege_type
from granted cross join lateral aclexplode(granted.acl) as right_
where right_.grantee = 0
