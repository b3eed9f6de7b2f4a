-- Extensions live in schema extensions, or where the platform puts them, never in ours.
select e.extname::text, 'is installed in schema ' || e.extnamespace::regnamespace
from pg_extension as e
where e.extnamespace in ('public'::regnamespace, 'app'::regnamespace)
