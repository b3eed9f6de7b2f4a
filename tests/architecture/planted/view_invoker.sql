-- expect: public.planted
create view public.planted as select 1 as one;
