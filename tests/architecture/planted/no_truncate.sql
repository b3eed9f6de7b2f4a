-- expect: public.planted for anon: has TRUNCATE
-- expect: public.planted for service_role: has REFERENCES
create table public.planted (id int primary key);
revoke all on public.planted from anon, authenticated, service_role;
grant truncate on public.planted to anon;
grant references on public.planted to service_role;
