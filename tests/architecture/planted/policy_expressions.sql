-- expect: select_auth on public.planted: calls auth
-- expect: select_bare on public.planted: calls a function once per row
-- expect: select_column on public.planted: gives a function something else
-- expect: select_in on public.planted: uses in
-- expect: insert_bare on public.planted: calls a function once per row
-- expect: select_metadata on public.planted: reads user_metadata
create table public.planted (id uuid primary key);
create policy select_auth on public.planted for select to authenticated using (id = (select auth.uid()));
create policy select_bare on public.planted for select to authenticated using (id = app.user_id());
create policy select_column on public.planted for select to authenticated
  using ((select app.has_permission(id, 'documents.read')));
create policy select_in on public.planted for select to authenticated
  using (id in (select app.workspaces_with('documents.read')));
create policy insert_bare on public.planted for insert to authenticated with check (id = app.user_id());
create policy select_metadata on public.planted for select to authenticated
  using ((select app.claims()) -> 'user_metadata' ->> 'role' = 'admin');
