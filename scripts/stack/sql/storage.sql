-- After @supabase/lite has made its tables: the rights that Supabase gives on them. RLS on storage decides.
grant all on storage.objects, storage.buckets to anon, authenticated, service_role;
alter table storage.objects enable row level security;
alter table storage.buckets enable row level security;
grant execute on all functions in schema auth, storage to anon, authenticated, service_role;

-- The second factors of Supabase Auth: @supabase/lite has none, so a row put here by hand stands for an enrolled one.
create type auth.factor_type as enum ('totp', 'webauthn', 'phone');
create type auth.factor_status as enum ('unverified', 'verified');
create table auth.mfa_factors (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null,
  friendly_name text,
  factor_type auth.factor_type not null,
  status auth.factor_status not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
grant all on auth.mfa_factors to postgres;

-- @supabase/lite keeps metadata as a JSON string; Supabase keeps an object, and triggers read its size.
create function storage.unwrap_metadata() returns trigger
language plpgsql set search_path = '' as $$
begin
  new.metadata := (new.metadata #>> '{}')::jsonb;
  return new;
end;
$$;
create trigger unwrap_metadata before insert or update on storage.objects
  for each row when (jsonb_typeof(new.metadata) = 'string') execute function storage.unwrap_metadata();
