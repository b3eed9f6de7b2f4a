-- Every object of ours says what it is for. Stamps, ids and foreign keys say it by themselves.
with described (kind, name, comment) as (
  select 'schema', n.nspname, obj_description(n.oid, 'pg_namespace') from pg_namespace as n where n.nspname = 'app'
  union all
  select 'relation', c.oid::regclass::text, obj_description(c.oid, 'pg_class')
  from pg_class as c
  where c.relnamespace in ('public'::regnamespace, 'app'::regnamespace) and c.relkind in ('r', 'p', 'v', 'm')
  union all
  select 'column', format('%s.%s', c.oid::regclass, a.attname), col_description(c.oid, a.attnum)
  from pg_class as c
  join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm')
    and a.attname not in ('id', 'workspace_id', 'created_by', 'created_at', 'updated_at')
    and not exists (select from pg_constraint as k where k.conrelid = c.oid and k.contype = 'f' and k.conkey = array[a.attnum])
  union all
  select 'function', f.oid::regprocedure::text, obj_description(f.oid, 'pg_proc')
  from pg_proc as f where f.pronamespace in ('public'::regnamespace, 'app'::regnamespace)
  union all
  select 'type', t.oid::regtype::text, obj_description(t.oid, 'pg_type')
  from pg_type as t
  where t.typnamespace in ('public'::regnamespace, 'app'::regnamespace)
    and (t.typtype in ('e', 'd') or exists (select from pg_class as c where c.oid = t.typrelid and c.relkind = 'c'))
  union all
  select 'policy', format('%s on %s', p.polname, p.polrelid::regclass), obj_description(p.oid, 'pg_policy')
  from pg_policy as p
  join pg_class as c on c.oid = p.polrelid
  where c.relnamespace in ('public'::regnamespace, 'app'::regnamespace)
)
select format('%s %s', kind, name), 'has no comment' from described where coalesce(comment, '') = ''
