-- One permissive policy per table, action and role: several are or-ed, all of them run, and nobody sees the sum.
-- Buckets share one table; there it is one per bucket, which each policy names first.
select format('%s for %s to %s', p.polrelid::regclass, p.polcmd, role_oid::regrole), 'has several permissive policies: '
  || string_agg(p.polname, ', ' order by p.polname)
from pg_policy as p cross join unnest(p.polroles) as role_oid
where p.polpermissive
group by p.polrelid, p.polcmd, role_oid, case when p.polrelid = 'storage.objects'::regclass then
  substring(pg_get_expr(coalesce(p.polqual, p.polwithcheck), p.polrelid) from '^\(+bucket_id = ''([a-z_]+)''::text\)+ AND ') end
having count(*) > 1
