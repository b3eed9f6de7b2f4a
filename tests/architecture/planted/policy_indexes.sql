-- expect: public.planted.owner_id
create table public.planted (id int primary key, owner_id uuid);
create policy select_owner on public.planted for select to authenticated using (owner_id = (select app.user_id()));
