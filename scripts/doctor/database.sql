-- name: server
-- Version, who we are, and the server's clock.
select current_setting('server_version_num')::int as version, current_user::text as role, clock_timestamp() as clock;

-- name: vector
-- The vector extension and where it lives; no row without it.
select e.extversion as version, n.nspname as schema
from pg_extension as e join pg_namespace as n on n.oid = e.extnamespace
where e.extname = 'vector';

-- name: worker_role
-- The worker's role; no row before the migrations.
select r.rolcanlogin, r.rolbypassrls, r.rolsuper or r.rolcreaterole or r.rolcreatedb or r.rolreplication as too_mighty,
  array(select m.roleid::regrole::text from pg_auth_members as m where m.member = r.oid order by 1) as member_of,
  array(select n.nspname::text from pg_namespace as n
        where n.nspname in ('public', 'app', 'extensions') and not has_schema_privilege(r.oid, n.oid, 'USAGE')
        order by 1) as closed_schemas
from pg_roles as r
where r.rolname = 'lamina_worker';

-- name: open_to_anyone
-- What a visitor without a session may touch in our schemas, but for prices and what people published; extensions' own objects left out.
with granted (name, kind, acl) as (
  select c.oid::regclass::text, 'table',
    coalesce(c.relacl, acldefault(case c.relkind when 'S' then 's'::"char" else 'r' end, c.relowner)) as acl
  from pg_class as c
  where c.relnamespace in ('public'::regnamespace, 'app'::regnamespace) and c.relkind in ('r', 'p', 'v', 'm', 'S')
    and not exists (select from pg_depend as d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
  union all
  select f.oid::regprocedure::text, 'function', coalesce(f.proacl, acldefault('f', f.proowner))
  from pg_proc as f
  where f.pronamespace in ('public'::regnamespace, 'app'::regnamespace)
    and not exists (select from pg_depend as d where d.classid = 'pg_proc'::regclass and d.objid = f.oid and d.deptype = 'e')
),
meant (name) as (
  select to_regclass('public.' || t)::text
  from unnest('{billing_metrics,plans,plan_versions,plan_limits,plan_entitlements,credit_packs,
                projects,project_codes,project_media}'::text[]) as t
  union all
  select to_regprocedure(f)::text
  from unnest(array[
    'public.get_portfolio(text)', 'public.get_project(text,text)',
    'public.note_project_view(uuid)', 'app.note_project_view(uuid)',
    'public.get_social_metrics(uuid,text)', 'app.get_social_metrics(uuid,text)']) as f
)
select distinct g.name
from granted as g cross join lateral aclexplode(g.acl) as r
where r.grantee = 0
  or r.grantee = 'anon'::regrole and not (r.privilege_type in ('SELECT', 'EXECUTE') and g.name in (select m.name from meant as m))
order by 1;

-- name: without_rls
-- Tables of ours without row level security.
select c.oid::regclass::text as name
from pg_class as c
where c.relnamespace in ('public'::regnamespace, 'app'::regnamespace) and c.relkind in ('r', 'p') and not c.relrowsecurity
order by 1;

-- name: open_by_default
-- Whether what postgres makes in public is open to the API's roles at first (older projects) or not.
select exists (
  select from pg_default_acl as d cross join lateral aclexplode(d.defaclacl) as r
  where d.defaclrole = 'postgres'::regrole and d.defaclnamespace in (0, 'public'::regnamespace)
    and r.grantee in ('anon'::regrole, 'authenticated'::regrole)
) as open;

-- name: bucket
-- The bucket of uploaded documents.
select b.public, b.file_size_limit, b.allowed_mime_types from storage.buckets as b where b.id = 'documents';

-- name: realtime
-- Whether broadcasts of today have a place: a plain table, or a partition of this day.
select c.relkind::text as kind, exists (
  select from pg_inherits as i join pg_class as p on p.oid = i.inhrelid
  where i.inhparent = c.oid and p.relname like '%' || to_char(timezone('utc', now()), 'YYYY_MM_DD')
) as partition_of_today
from pg_class as c
where c.oid = to_regclass('realtime.messages');

-- name: embedding_models
-- The vector spaces of the documents that are searchable now.
select d.embedding_model as model, count(*) as documents
from public.documents as d
where d.embedding_model is not null
group by d.embedding_model
order by 2 desc;

-- name: queue
-- Jobs that could run now, and how long the oldest has been due.
select count(*) as jobs, coalesce(extract(epoch from max(clock_timestamp() - j.run_at)), 0)::float8 as oldest_seconds
from public.jobs as j
where j.gate = 'open' and j.status = 'queued'
  and not exists (select from app.provider_pauses as p where p.provider = j.provider and p.paused_until > now());

-- name: may_copy
-- Whether the caller may insert these columns.
select bool_and(has_column_privilege(%(table)s::regclass, name, 'INSERT')) as allowed
from unnest(%(columns)s::text[]) as c (name);

-- name: writable
-- Tables of ours that the caller may write in any way.
select c.relnamespace::regnamespace::text || '.' || c.relname as name
from pg_class as c
where c.relnamespace in ('public'::regnamespace, 'app'::regnamespace) and c.relkind in ('r', 'p')
  and (has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE') or has_any_column_privilege(c.oid, 'INSERT, UPDATE'))
order by 1;

-- name: listen
-- For the test whether notifications arrive.
listen lamina_doctor;

-- name: notify
-- The same.
select pg_notify('lamina_doctor', %(word)s);
