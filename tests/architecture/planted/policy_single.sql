-- expect: public.planted for r to authenticated
create table public.planted (id int primary key);
create policy select_one on public.planted for select to authenticated using (id = 1);
create policy select_two on public.planted for select to authenticated using (id = 2);
