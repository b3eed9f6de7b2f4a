-- After @supabase/lite has made its tables: the rights that Supabase gives on them. RLS on storage decides.
grant all on storage.objects, storage.buckets to anon, authenticated, service_role;
alter table storage.objects enable row level security;
alter table storage.buckets enable row level security;
grant execute on all functions in schema auth, storage to anon, authenticated, service_role;
