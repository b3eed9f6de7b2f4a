-- expect: public.planted.a: is a timestamp without time zone
-- expect: public.planted.b_at: ends in _at
-- expect: public.planted.c: is varchar
-- expect: public.planted.d: is json
-- expect: public.planted.E: is not lower case
create table public.planted (a timestamp, b_at date, c varchar(10), d json, "E" int);
