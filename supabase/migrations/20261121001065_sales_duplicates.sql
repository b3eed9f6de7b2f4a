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
create function app.import_contact(p_workspace_id uuid, p_source text, p_row jsonb) returns text
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_old public.contacts;
  v_new public.contacts;
begin
  if jsonb_typeof(p_row) is distinct from 'object' or nullif(btrim(coalesce(p_row ->> 'email', p_row ->> 'phone')), '') is null then
    return 'error';
  end if;
  select * into v_old from public.contacts as c
  where c.workspace_id = p_workspace_id
    and case when p_row ->> 'email' is not null then c.email_key = lower(btrim(p_row ->> 'email'))
      else c.phone_key = right(ltrim(regexp_replace(p_row ->> 'phone', '[^0-9]', '', 'g'), '0'), 9) end
  order by c.created_at, c.id limit 1
  for no key update;
  v_new := v_old;
  v_new.name := coalesce(p_row ->> 'name', v_old.name);
  v_new.phone := coalesce(case when p_row ->> 'email' is null then v_old.phone end, p_row ->> 'phone', v_old.phone);
  v_new.language := coalesce(p_row ->> 'language', v_old.language);
  v_new.company := coalesce(p_row ->> 'company', v_old.company);
  v_new.job_title := coalesce(p_row ->> 'job_title', v_old.job_title);
  v_new.country := coalesce(upper(p_row ->> 'country'), v_old.country);
  v_new.lifecycle := coalesce(p_row ->> 'lifecycle', v_old.lifecycle, 'subscriber');
  v_new.tags := coalesce(v_old.tags, '{}') || case when jsonb_typeof(p_row -> 'tags') = 'array' then array(
    select distinct t.tag from jsonb_array_elements_text(p_row -> 'tags') as t (tag)
    where t.tag <> all (coalesce(v_old.tags, '{}'))) else '{}' end;
  if v_old.id is null then
    insert into public.contacts (workspace_id, email, source, name, phone, language, company, job_title, country, lifecycle, tags)
    values (p_workspace_id, btrim(p_row ->> 'email'), p_source, v_new.name, v_new.phone, v_new.language, v_new.company,
      v_new.job_title, v_new.country, v_new.lifecycle, v_new.tags);
    return 'created';
  elsif v_new is not distinct from v_old then
    return 'unchanged';
  end if;
  update public.contacts as c
  set name = v_new.name, phone = v_new.phone, language = v_new.language, company = v_new.company, job_title = v_new.job_title,
    country = v_new.country, lifecycle = v_new.lifecycle, tags = v_new.tags
  where c.id = v_old.id;
  return 'updated';
end;
$$;

comment on function app.import_contact(uuid, text, jsonb) is
  'Writes one contact of an import and says what it did; the caller holds the lock of imports and checks rights. Internal.';

create function app.import_contacts(p_workspace_id uuid, p_contacts jsonb, p_source text) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_row record;
  v_done text;
  v_counts jsonb := '{"created": 0, "updated": 0, "unchanged": 0}';
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
      v_done := app.import_contact(p_workspace_id, coalesce(p_source, 'import'), v_row.value);
    exception when check_violation or data_exception then
      v_done := 'error';
    end;
    if v_done = 'error' then
      v_refused := v_refused || jsonb_build_object('index', v_row.place, 'error_code', 'contact.bad_field', 'error_message',
        'This needs an e-mail or a phone, and every field in its form.');
    else
      v_counts := jsonb_set(v_counts, array[v_done], to_jsonb((v_counts ->> v_done)::int + 1));
    end if;
  end loop;
  perform app.note_activity(p_workspace_id, app.user_id(), 'imported', 'contact', null, v_counts);
  return v_counts || jsonb_build_object('refused', v_refused);
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
  'Writes up to 1,000 contacts: {email, phone, name, language, company, job_title, country, lifecycle, tags}. Who is known by e-mail, without one by phone, is updated with what is given and keeps the rest; tags are added. Answers {created, updated, unchanged, refused: [{index, error_code, error_message}]}. Repeating it changes nothing. It brings no consent. Errors: contact.bad_import, workspace.forbidden.';

revoke execute on function public.find_duplicates(uuid, uuid, int) from public, anon, authenticated, service_role;
revoke execute on function app.import_contact(uuid, text, jsonb) from public, anon, authenticated, service_role;
revoke execute on function app.import_contacts(uuid, jsonb, text) from public, anon, authenticated, service_role;
revoke execute on function public.import_contacts(uuid, jsonb, text) from public, anon, authenticated, service_role;
grant execute on function public.find_duplicates(uuid, uuid, int) to authenticated;
grant execute on function app.import_contacts(uuid, jsonb, text) to authenticated;
grant execute on function public.import_contacts(uuid, jsonb, text) to authenticated;
