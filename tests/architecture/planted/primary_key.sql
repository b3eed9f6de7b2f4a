-- expect: public.planted
create table public.planted (id int);
