-- expect: everything on public.planted
-- expect: insert_them on public.planted
-- expect: delete_all on public.planted
create table public.planted (id int primary key);
create policy everything on public.planted to authenticated using (true);
create policy insert_them on public.planted for insert with check (true);
create policy delete_all on public.planted for select to authenticated using (true);
