-- expect: relation public.planted: PUBLIC has SELECT
-- expect: column public.planted.id: PUBLIC has UPDATE
-- expect: function app.planted(): PUBLIC has EXECUTE
create table public.planted (id int primary key);
grant select on public.planted to public;
grant update (id) on public.planted to public;
create function app.planted() returns int language sql immutable as 'select 1';
