-- expect: planted_a_fkey on public.planted: states no on delete
-- expect: planted_b_fkey on public.planted: has no index
-- expect: planted_c_fkey on public.planted: has no index
create table public.parent (id int primary key);
create table public.planted (
  id int primary key,
  a int references public.parent (id),
  b int references public.parent (id) on delete cascade,
  c int references public.parent (id) on delete cascade
);
create index on public.planted (a);
create index on public.planted (id, b);
create index on public.planted (c) where a = 1;
