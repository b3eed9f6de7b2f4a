-- Purpose:  the same person twice: finding, importing without doubling.
-- Risk:     none, new functions only.
-- Way back: drop the functions of this file.
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- Finding
------------------------------------------------------------------------------------------------
create function public.find_duplicates(p_workspace_id uuid, p_contact_id uuid default null, p_limit int default 50)
returns table (reason text, key text, contact_ids uuid[], size bigint)
language plpgsql stable security invoker set search_path = '' as $$
declare
  v_one public.contacts;
begin
  perform app.require_permission(p_workspace_id, 'contacts.read');
  select * into v_one from public.contacts as c where c.id = p_contact_id and c.workspace_id = p_workspace_id;
  if p_contact_id is not null and not found then
    perform app.fail(404, 'contact.not_found', 'There is no such contact.');
  end if;
  return query
    select f.reason, f.key, f.ids[1:20], f.size
    from (
      select 1 as place, 'email' as reason, c.email_key as key, array_agg(c.id order by c.created_at, c.id) as ids, count(*) as size
      from public.contacts as c
      where c.workspace_id = p_workspace_id and c.email_key is not null and (p_contact_id is null or c.email_key = v_one.email_key)
      group by c.email_key having count(*) > 1
      union all
      select 2, 'phone', c.phone_key, array_agg(c.id order by c.created_at, c.id), count(*)
      from public.contacts as c
      where c.workspace_id = p_workspace_id and length(c.phone_key) >= 6 and (p_contact_id is null or c.phone_key = v_one.phone_key)
      group by c.phone_key having count(*) > 1
      union all
      select 3, 'name', c.name_key, array_agg(c.id order by c.created_at, c.id), count(*)
      from public.contacts as c
      where c.workspace_id = p_workspace_id and c.name_key like '% %' and (p_contact_id is null or c.name_key = v_one.name_key)
      group by c.name_key having count(*) > 1
    ) as f
    order by f.place, f.size desc, f.key
    limit greatest(1, least(200, coalesce(p_limit, 50)));
end;
$$;

comment on function public.find_duplicates(uuid, uuid, int) is
  'Groups of contacts with one e-mail, phone or name (of two words at least), surest reason first, oldest contact first, 20 of each group; of one contact, or of all. The same name may well be two people: merge_contacts is for a person to decide. Errors: workspace.forbidden, contact.not_found.';

------------------------------------------------------------------------------------------------
-- Importing
------------------------------------------------------------------------------------------------
create function app.clean_person(p_person jsonb) returns jsonb
language sql immutable set search_path = ''
return (
  select coalesce(jsonb_object_agg(f.key, f.value), '{}')
  from (
    select e.key, case jsonb_typeof(e.value) when 'string' then
      to_jsonb(nullif(regexp_replace(e.value #>> '{}', '^\s+|\s+$', '', 'g'), '')) else e.value end as value
    from jsonb_each(case jsonb_typeof(p_person) when 'object' then p_person else '{}' end) as e
  ) as f
  where jsonb_typeof(f.value) <> 'null');

comment on function app.clean_person(jsonb) is
  'A person as somebody else wrote them, without space around values: what is blank, as empty cells of a table are, was not given. Internal.';

create function app.contact_field_rule(p_field text) returns text
language sql immutable set search_path = ''
return format('The field %s %s.', p_field, case p_field
  when 'email' then 'is an address of 3 to 254 characters'
  when 'phone' then 'is a number of 3 to 40 characters'
  when 'language' then 'is a code of two or three letters, such as fr'
  when 'country' then 'is a code of two letters, such as FR'
  when 'lifecycle' then 'is subscriber, lead, qualified, customer or lost'
  when 'tags' then 'holds up to 50 words of 2,500 characters together'
  when 'source' then 'has 1 to 100 characters'
  else 'has 1 to 200 characters' end);

comment on function app.contact_field_rule(text) is 'What a column of contacts must be, for people. Internal.';

create function app.find_person(p_workspace_id uuid, p_person jsonb) returns uuid
language sql stable security definer set search_path = ''
return case
  when p_person ->> 'email' is not null then (
    select c.id from public.contacts as c
    where c.workspace_id = p_workspace_id and c.email_key = lower(btrim(p_person ->> 'email'))
    order by c.created_at, c.id limit 1)
  else (
    select c.id from public.contacts as c
    where c.workspace_id = p_workspace_id
      and c.phone_key = nullif(right(ltrim(regexp_replace(p_person ->> 'phone', '[^0-9]', '', 'g'), '0'), 9), '')
    order by c.created_at, c.id limit 1) end;

comment on function app.find_person(uuid, jsonb) is 'The oldest contact with this e-mail or, when none is given, this phone. Internal.';

create function app.require_address(p_person jsonb) returns void
language plpgsql immutable set search_path = '' as $$
begin
  if p_person ->> 'email' is null and coalesce(p_person ->> 'phone', '') !~ '[1-9]' then
    perform app.fail(400, 'contact.no_address', 'A person is known by the field email or phone, and neither is given.');
  end if;
end;
$$;

comment on function app.require_address(jsonb) is 'Fails with 400 for a person whom nothing tells from others. Internal.';

create function app.import_contact(p_workspace_id uuid, p_source text, p_row jsonb, out outcome text, out contact_id uuid)
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_given jsonb := app.clean_person(p_row);
  v_old public.contacts;
  v_new public.contacts;
begin
  perform app.require_address(v_given);
  select * into v_old from public.contacts as c where c.id = app.find_person(p_workspace_id, v_given) for no key update;
  v_new := v_old;
  v_new.name := coalesce(v_given ->> 'name', v_old.name);
  v_new.phone := coalesce(case when v_given ->> 'email' is null then v_old.phone end, v_given ->> 'phone', v_old.phone);
  v_new.language := coalesce(lower(v_given ->> 'language'), v_old.language);
  v_new.company := coalesce(v_given ->> 'company', v_old.company);
  v_new.job_title := coalesce(v_given ->> 'job_title', v_old.job_title);
  v_new.country := coalesce(upper(v_given ->> 'country'), v_old.country);
  v_new.lifecycle := coalesce(lower(v_given ->> 'lifecycle'), v_old.lifecycle, 'subscriber');
  v_new.tags := coalesce(v_old.tags, '{}') || case when jsonb_typeof(v_given -> 'tags') = 'array' then array(
    select distinct btrim(t.tag) from jsonb_array_elements_text(v_given -> 'tags') as t (tag)
    where btrim(t.tag) <> '' and btrim(t.tag) <> all (coalesce(v_old.tags, '{}'))) else '{}' end;
  contact_id := v_old.id;
  if v_old.id is null then
    insert into public.contacts as c (workspace_id, email, source, name, phone, language, company, job_title, country, lifecycle, tags)
    values (p_workspace_id, v_given ->> 'email', p_source, v_new.name, v_new.phone, v_new.language, v_new.company,
      v_new.job_title, v_new.country, v_new.lifecycle, v_new.tags)
    returning c.id into contact_id;
    outcome := 'created';
  elsif v_new is not distinct from v_old then
    outcome := 'unchanged';
  else
    update public.contacts as c
    set name = v_new.name, phone = v_new.phone, language = v_new.language, company = v_new.company, job_title = v_new.job_title,
      country = v_new.country, lifecycle = v_new.lifecycle, tags = v_new.tags
    where c.id = v_old.id;
    outcome := 'updated';
  end if;
end;
$$;

comment on function app.import_contact(uuid, text, jsonb) is
  'Writes one contact of an import and says what it did to which; the caller holds the lock of imports and checks rights. Internal.';

create function app.refused_row(p_index bigint, p_state text, p_code text, p_message text, p_constraint text) returns jsonb
language sql immutable set search_path = ''
return case
  when p_state = 'PT400' then jsonb_build_object('index', p_index, 'error_code', p_code, 'error_message', p_message)
  when p_constraint ~ '^contacts_.+_check$' then jsonb_build_object(
    'index', p_index, 'field', substring(p_constraint from '^contacts_(.+)_check$'), 'error_code', 'contact.bad_field',
    'error_message', app.contact_field_rule(substring(p_constraint from '^contacts_(.+)_check$')))
  else jsonb_build_object(
    'index', p_index, 'error_code', 'contact.bad_field', 'error_message', 'A field holds what no contact can.') end;

comment on function app.refused_row(bigint, text, text, text, text) is
  'Why a row of an import was not taken, from the error that ended it; field names the column, where it is one''s. Internal.';

create function app.import_contacts(p_workspace_id uuid, p_contacts jsonb, p_source text) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_row record;
  v_done record;
  v_state text;
  v_code text;
  v_message text;
  v_constraint text;
  v_counts jsonb := '{"created": 0, "updated": 0, "unchanged": 0}';
  v_ids jsonb := '{"created": [], "updated": []}';
  v_refused jsonb := '[]';
begin
  perform app.require_permission(p_workspace_id, 'contacts.write');
  if jsonb_typeof(p_contacts) is distinct from 'array' or jsonb_array_length(p_contacts) not between 1 and 1000
    or length(coalesce(p_source, 'import')) not between 1 and 100 then
    perform app.fail(400, 'contact.bad_import', 'An import is an array of 1 to 1,000 contacts, with a source of 1 to 100 characters.');
  end if;
  perform app.lock_ordering_key(format('import:%s', p_workspace_id));
  for v_row in select i.value, i.place - 1 as place from jsonb_array_elements(p_contacts) with ordinality as i (value, place) loop
    begin
      select * into v_done from app.import_contact(p_workspace_id, coalesce(p_source, 'import'), v_row.value);
    exception when check_violation or data_exception or sqlstate 'PT400' then
      get stacked diagnostics v_state = returned_sqlstate, v_code = pg_exception_detail, v_message = message_text,
        v_constraint = constraint_name;
      v_refused := v_refused || app.refused_row(v_row.place, v_state, v_code, v_message, v_constraint);
      continue;
    end;
    v_counts := jsonb_set(v_counts, array[v_done.outcome], to_jsonb((v_counts ->> v_done.outcome)::int + 1));
    if v_done.outcome <> 'unchanged' then
      v_ids := jsonb_insert(v_ids, array[v_done.outcome, '-1'], to_jsonb(v_done.contact_id), true);
    end if;
  end loop;
  perform app.note_activity(p_workspace_id, app.user_id(), 'imported', 'contact', null, v_counts);
  return v_counts || jsonb_build_object('refused', v_refused, 'ids', v_ids);
end;
$$;

comment on function app.import_contacts(uuid, jsonb, text) is
  'Behind public.import_contacts. Imports of one workspace happen one after the other, so that none doubles what another writes.';

create function public.import_contacts(p_workspace_id uuid, p_contacts jsonb, p_source text default 'import') returns jsonb
language sql volatile security invoker set search_path = ''
begin atomic
  select app.import_contacts(p_workspace_id, p_contacts, p_source);
end;

comment on function public.import_contacts(uuid, jsonb, text) is
  'Writes up to 1,000 contacts: {email, phone, name, language, company, job_title, country, lifecycle, tags}. Blank values, as empty cells are, count as not given. Who is known by e-mail, without one by phone, is updated with what is given and keeps the rest; tags are added. Answers {created, updated, unchanged, ids: {created, updated}, refused: [{index, field, error_code, error_message}]}: contact.no_address, contact.bad_field. Repeating it changes nothing. It brings no consent. Errors: contact.bad_import, workspace.forbidden.';

revoke execute on function public.find_duplicates(uuid, uuid, int) from public, anon, authenticated, service_role;
revoke execute on function app.clean_person(jsonb) from public, anon, authenticated, service_role;
revoke execute on function app.contact_field_rule(text) from public, anon, authenticated, service_role;
revoke execute on function app.find_person(uuid, jsonb) from public, anon, authenticated, service_role;
revoke execute on function app.require_address(jsonb) from public, anon, authenticated, service_role;
revoke execute on function app.refused_row(bigint, text, text, text, text) from public, anon, authenticated, service_role;
revoke execute on function app.import_contact(uuid, text, jsonb) from public, anon, authenticated, service_role;
revoke execute on function app.import_contacts(uuid, jsonb, text) from public, anon, authenticated, service_role;
revoke execute on function public.import_contacts(uuid, jsonb, text) from public, anon, authenticated, service_role;
grant execute on function public.find_duplicates(uuid, uuid, int) to authenticated;
grant execute on function app.import_contacts(uuid, jsonb, text) to authenticated;
grant execute on function public.import_contacts(uuid, jsonb, text) to authenticated;
