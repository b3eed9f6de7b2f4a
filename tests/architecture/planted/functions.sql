-- expect: app.planted(integer): has no set search_path
-- expect: public.planted(): is SECURITY DEFINER outside schema app
-- expect: app.resolve(): is called resolve
-- expect: app.planted(integer): has a parameter without p_
create function app.planted(value int) returns int language sql immutable as 'select 1';
create function public.planted() returns int language sql immutable security definer set search_path = '' as 'select 1';
create function app.resolve() returns int language sql immutable set search_path = '' as 'select 1';
