-- Purpose:  what the function forms does: a form that somebody filled in, a link that somebody confirmed.
-- Risk:     none, new functions only.
-- Way back: drop the functions of this file.
set local lock_timeout = '5s';

create function app.sealed(p_text text) returns text
language sql stable security definer set search_path = ''
return (
  select left(encode(app.hmac_sha256(convert_to(k.secret, 'UTF8'), convert_to(p_text, 'UTF8')), 'hex'), 32)
  from app.link_keys as k order by k.id desc limit 1);

comment on function app.sealed(text) is
  'Equal for the same text, and tells nobody without our key which: for limits by network or e-mail address. Internal.';

create function app.take_form_tokens(p_form public.forms, p_address text) returns void
language plpgsql volatile security definer set search_path = '' as $$
begin
  if p_address <> '' and app.take_tokens('form-source:' || app.sealed(p_form.workspace_id || ':' || p_address), 20 / 600.0, 20) > 0
    or app.take_tokens('form:' || p_form.id, 0.2, 100) > 0
  then
    perform app.fail(429, 'form.too_fast', 'Too much is sent through this form at the moment.', 'Send it again in a minute.');
  end if;
end;
$$;

comment on function app.take_form_tokens(public.forms, text) is
  'Fails with 429 beyond 20 in ten minutes from one source to a workspace, or 100 at once and 720 an hour through a form. Internal.';

create function app.ask_consent(p_form public.forms, p_contact_id uuid, p_email text, p_locale text) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_token text := app.new_secret('lmf_');
  v_request_id uuid;
  v_mail_id uuid;
begin
  if not app.has_entitlement(p_form.workspace_id, 'campaigns')
    or exists (select from public.contacts as c where c.id = p_contact_id and c.email_consent = 'granted')
    or exists (
      select from public.mail_suppressions as s
      where s.workspace_id = p_form.workspace_id and s.email = p_email and s.reason = 'complained')
    or exists (
      select from app.suppressed_hashes as h
      where h.workspace_id = p_form.workspace_id and h.email_hash = sha256(convert_to(p_email, 'UTF8')) and h.reason <> 'unsubscribed')
    or exists (
      select from app.consent_requests as r
      where r.workspace_id = p_form.workspace_id and r.email = p_email and r.confirmed_at is null
        and r.created_at > now() - interval '1 day')
    or app.take_tokens('form-mail:' || app.sealed(p_email), 5 / 86400.0, 5) > 0
  then
    return;
  end if;
  insert into app.consent_requests (workspace_id, contact_id, token_hash, email, statement, source)
  values (p_form.workspace_id, p_contact_id, sha256(convert_to(v_token, 'UTF8')), p_email, p_form.statement, 'form: ' || p_form.name)
  returning id into v_request_id;
  v_mail_id := app.notify('consent_asked', null, p_form.workspace_id, p_email, 'consent:' || v_request_id,
    jsonb_build_object('statement', p_form.statement), v_token);
  update public.notifications as n set locale = p_locale where n.id = v_mail_id and app.is_locale(p_locale);
end;
$$;

comment on function app.ask_consent(public.forms, uuid, text, text) is
  'A mail with a link, unless the person agreed before, called us spam, was asked within a day, or had five such mails of this installation: nobody is pestered by others. Internal.';

create function app.form_note(p_given jsonb, p_is_new boolean) returns text
language sql immutable set search_path = ''
return concat_ws(chr(10),
  case when not p_is_new then 'name: ' || (p_given ->> 'name') end,
  case when not p_is_new then 'phone: ' || (p_given ->> 'phone') end,
  case when not p_is_new then 'company: ' || (p_given ->> 'company') end,
  p_given ->> 'message');

comment on function app.form_note(jsonb, boolean) is
  'What a lead notes: the message and, since a stranger changes nobody whom we know, what they say of themselves. Internal.';

create function app.submit_form(p_form_id uuid, p_fields jsonb, p_address text) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_form public.forms;
  v_given jsonb := app.clean_person(p_fields);
  v_person record;
begin
  select * into v_form from public.forms as f where f.id = p_form_id;
  if not found then
    perform app.fail(404, 'form.not_found', 'There is no such form.');
  elsif not v_form.is_enabled then
    perform app.fail(403, 'form.disabled', 'This form is closed.');
  end if;
  perform app.take_form_tokens(v_form, left(coalesce(p_address, ''), 100));
  if v_given ->> 'email' is not null and app.is_email(lower(v_given ->> 'email')) is not true then
    perform app.fail(400, 'form.bad_email', 'This is no e-mail address.');
  elsif length(v_given ->> 'message') > 3000 then
    perform app.fail(400, 'form.message_too_long', 'A message has at most 3,000 characters.');
  end if;
  select * into v_person from app.capture_person(v_form.workspace_id, jsonb_build_object(
    'email', v_given -> 'email', 'phone', v_given -> 'phone', 'name', v_given -> 'name', 'company', v_given -> 'company',
    'language', substring(lower(v_given ->> 'language') from '^[a-z]{2,3}(?![a-z])')), left('form: ' || v_form.name, 100), false);
  if v_form.makes_lead then
    perform app.capture_lead(v_person.contact_id, v_form.name, left('form: ' || v_form.name, 100),
      app.form_note(v_given, v_person.is_new));
  end if;
  if v_form.statement is not null and v_given ->> 'email' is not null
    and lower(v_given ->> 'consent') in ('true', 'on', 'yes', '1')
  then
    perform app.ask_consent(v_form, v_person.contact_id, lower(v_given ->> 'email'), left(lower(v_given ->> 'language'), 2));
  end if;
  return jsonb_build_object('thank_you_url', v_form.thank_you_url);
end;
$$;

comment on function app.submit_form(uuid, jsonb, text) is 'Behind public.submit_form.';

create function public.submit_form(p_form_id uuid, p_fields jsonb, p_address text default '') returns jsonb
language sql volatile security invoker set search_path = ''
begin atomic
  select app.submit_form(p_form_id, p_fields, p_address);
end;

comment on function public.submit_form(uuid, jsonb, text) is
  'For the door of forms: {email, phone, name, company, language, message, consent} that anybody typed, from a network address. A newcomer becomes a contact, one who is known is not changed; a form for leads opens one; consent is asked for by mail and counts once confirmed. Returns {thank_you_url}, the same for everybody. Errors: form.not_found, form.disabled, form.too_fast, form.bad_email, form.message_too_long, contact.no_address, contact.bad_field.';

create function app.confirm_consent(p_token text) returns boolean
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_request app.consent_requests;
begin
  select r.* into v_request
  from app.consent_requests as r join public.contacts as c on c.id = r.contact_id and c.email_key = r.email
  where r.token_hash = sha256(convert_to(p_token, 'UTF8')) and r.created_at > now() - interval '7 days'
  for no key update of r;
  if not found then
    return false;
  elsif v_request.confirmed_at is null then
    update app.consent_requests as r set confirmed_at = now() where r.id = v_request.id;
    perform app.capture_consent(v_request.contact_id, 'granted', v_request.source, v_request.statement);
  end if;
  return exists (select from public.contacts as c where c.id = v_request.contact_id and c.email_consent = 'granted');
end;
$$;

comment on function app.confirm_consent(text) is 'Behind public.confirm_consent.';

create function public.confirm_consent(p_token text) returns boolean
language sql volatile security invoker set search_path = ''
begin atomic
  select app.confirm_consent(p_token);
end;

comment on function public.confirm_consent(text) is
  'For the door of forms: the owner of an address pressed the button behind a mail''s link, and consent is granted with the words they agreed to. False when the link is unknown, older than seven days, or consent was withdrawn since. A link grants once.';

create function app.purge_forms(p_age interval) returns void
language sql volatile security definer set search_path = ''
begin atomic
  delete from app.consent_requests as r where r.created_at < pg_catalog.now() - p_age;
  delete from app.captures as c where c.created_at < pg_catalog.now() - p_age;
end;

comment on function app.purge_forms(interval) is 'Forgets links that nobody confirmed, and keys of capture_contact.';

revoke execute on function app.sealed(text) from public, anon, authenticated, service_role;
revoke execute on function app.take_form_tokens(public.forms, text) from public, anon, authenticated, service_role;
revoke execute on function app.ask_consent(public.forms, uuid, text, text) from public, anon, authenticated, service_role;
revoke execute on function app.form_note(jsonb, boolean) from public, anon, authenticated, service_role;
revoke execute on function app.submit_form(uuid, jsonb, text) from public, anon, authenticated, service_role;
revoke execute on function public.submit_form(uuid, jsonb, text) from public, anon, authenticated, service_role;
revoke execute on function app.confirm_consent(text) from public, anon, authenticated, service_role;
revoke execute on function public.confirm_consent(text) from public, anon, authenticated, service_role;
revoke execute on function app.purge_forms(interval) from public, anon, authenticated, service_role;
grant execute on function app.submit_form(uuid, jsonb, text) to service_role;
grant execute on function public.submit_form(uuid, jsonb, text) to service_role;
grant execute on function app.confirm_consent(text) to service_role;
grant execute on function public.confirm_consent(text) to service_role;
grant execute on function app.purge_forms(interval) to lamina_worker;
