-- Trigger functions on platform tables run as their owner: the platform's roles have no rights in our schemas.
select format('%s on %s', t.tgname, t.tgrelid::regclass), 'runs an INVOKER function of ours on a platform table'
from pg_trigger as t
join pg_class as c on c.oid = t.tgrelid
join pg_proc as f on f.oid = t.tgfoid and f.pronamespace in ('public'::regnamespace, 'app'::regnamespace)
where not t.tgisinternal
  and c.relnamespace not in ('public'::regnamespace, 'app'::regnamespace)
  and not f.prosecdef
