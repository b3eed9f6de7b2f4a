-- Every foreign key says what happens on delete and has an index that starts with its columns.
select format('%s on %s', k.conname, k.conrelid::regclass), problem
from pg_constraint as k
join pg_class as c on c.oid = k.conrelid and c.relnamespace in ('public'::regnamespace, 'app'::regnamespace)
cross join lateral (values
  (k.confdeltype = 'a', 'states no on delete'),
  (not exists (
    select from pg_index as i
    where i.indrelid = k.conrelid
      and (i.indkey::smallint[])[0:cardinality(k.conkey) - 1] @> k.conkey
      and (i.indpred is null or pg_get_expr(i.indpred, i.indrelid) = (
        select format('(%s IS NOT NULL)', a.attname)
        from pg_attribute as a where a.attrelid = k.conrelid and a.attnum = k.conkey[1]))
  ), 'has no index that starts with its columns')
) as check_ (broken, problem)
where k.contype = 'f' and check_.broken
