-- Effective rights of each role on each object of ours: object, role, privilege. Rights of PUBLIC count for everyone.
with roles (name) as (values ('anon'), ('authenticated'), ('service_role'), ('lamina_worker')),
relations as (
  select c.oid, c.oid::regclass::text as name, c.relkind
  from pg_class as c
  where c.relnamespace in ('public'::regnamespace, 'app'::regnamespace) and c.relkind in ('r', 'p', 'v', 'm', 'S')
)
select 'schema ' || n.nspname, r.name, p.name
from pg_namespace as n, roles as r, (values ('USAGE'), ('CREATE')) as p (name)
where n.nspname in ('public', 'app') and has_schema_privilege(r.name, n.oid, p.name)
union all
select 'table ' || t.name, r.name, p.name
from relations as t, roles as r,
  (values ('SELECT'), ('INSERT'), ('UPDATE'), ('DELETE'), ('TRUNCATE'), ('REFERENCES'), ('TRIGGER')) as p (name)
where t.relkind <> 'S' and has_table_privilege(r.name, t.oid, p.name)
union all
select 'column ' || t.name || '.' || a.attname, r.name, p.name
from relations as t
join pg_attribute as a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped,
  roles as r, (values ('SELECT'), ('INSERT'), ('UPDATE'), ('REFERENCES')) as p (name)
where t.relkind <> 'S' and has_column_privilege(r.name, t.oid, a.attnum, p.name)
  and not has_table_privilege(r.name, t.oid, p.name)
union all
select 'sequence ' || t.name, r.name, p.name
from relations as t, roles as r, (values ('USAGE'), ('SELECT'), ('UPDATE')) as p (name)
where t.relkind = 'S' and has_sequence_privilege(r.name, t.oid, p.name)
union all
select 'function ' || f.oid::regprocedure, r.name, 'EXECUTE'
from pg_proc as f, roles as r
where f.pronamespace in ('public'::regnamespace, 'app'::regnamespace) and has_function_privilege(r.name, f.oid, 'EXECUTE')
