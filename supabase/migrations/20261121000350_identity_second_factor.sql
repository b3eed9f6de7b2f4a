-- Purpose:  who has enrolled a second factor must have used it: for money, exports, erasure and administration.
-- Risk:     reads auth.mfa_factors, which Supabase Auth owns; nothing there is changed.
-- Way back: drop the functions.
set local lock_timeout = '5s';

create function app.second_factor_used() returns boolean
language sql stable parallel safe security definer set search_path = ''
begin atomic
  select coalesce(app.claims() ->> 'aal', 'aal1') = 'aal2'
    or not exists (
      select from auth.mfa_factors as factor
      where factor.user_id = app.user_id() and factor.status::text = 'verified');
end;

comment on function app.second_factor_used() is
  'False for a session without its second factor (aal1) of a user who has enrolled one. Users of another issuer have no factor here: their issuer asks for it.';

create function app.require_second_factor() returns void
language plpgsql stable security invoker set search_path = '' as $$
begin
  if not app.second_factor_used() then
    perform app.fail(403, 'auth.second_factor_required', 'This needs your second factor.',
      'Verify it (supabase.auth.mfa.challengeAndVerify) and try again.');
  end if;
end;
$$;

comment on function app.require_second_factor() is 'Fails with 403 auth.second_factor_required when an enrolled second factor was not used.';

revoke execute on function app.second_factor_used() from public, anon, authenticated, service_role;
revoke execute on function app.require_second_factor() from public, anon, authenticated, service_role;
grant execute on function app.second_factor_used() to authenticated;
grant execute on function app.require_second_factor() to authenticated;
