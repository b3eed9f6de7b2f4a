-- expect: relation public.planted
-- expect: column public.planted.word
-- expect: function app.planted()
-- expect: type app.mood
-- expect: policy select_all on public.planted
create table public.planted (id int primary key, word text);
create policy select_all on public.planted for select to authenticated using (true);
create function app.planted() returns int language sql immutable as 'select 1';
create type app.mood as enum ('good');
