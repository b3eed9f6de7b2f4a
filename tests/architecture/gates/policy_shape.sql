-- A policy is for one action, named after it, and for named roles. On platform tables, shared with others, the name
-- starts with lamina_ instead.
select format('%s on %s', p.polname, p.polrelid::regclass), problem
from pg_policy as p
join pg_class as c on c.oid = p.polrelid
cross join lateral (
  select case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' end
) as action (word)
cross join lateral (values
  (p.polcmd = '*', 'is for all: write one policy per action'),
  (p.polroles = '{0}', 'names no role: add to …'),
  (p.polname !~ ('^' || case when c.relnamespace in ('public'::regnamespace, 'app'::regnamespace)
    then action.word else 'lamina' end || '_'), 'is not named <action>_<who>')
) as check_ (broken, problem)
where check_.broken
