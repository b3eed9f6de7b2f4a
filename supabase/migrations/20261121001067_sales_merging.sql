-- Purpose:  two contacts that are one person become one.
-- Risk:     none, new functions only.
-- Way back: drop the functions of this file.
set local lock_timeout = '5s';

create function app.contact_references() returns table (table_name text, column_name text, key_columns text)
language sql stable security invoker set search_path = '' rows 20
begin atomic
  select k.conrelid::pg_catalog.regclass::text, a.attname::text,
    coalesce((
      select pg_catalog.string_agg(pg_catalog.quote_ident(b.attname), ', ' order by u.place)
      from pg_catalog.pg_constraint as p
      cross join pg_catalog.unnest(p.conkey) with ordinality as u (attnum, place)
      join pg_catalog.pg_attribute as b on b.attrelid = p.conrelid and b.attnum = u.attnum
      where p.conrelid = k.conrelid and p.contype = 'p'), 'ctid')
  from pg_catalog.pg_constraint as k
  join pg_catalog.pg_attribute as i on i.attrelid = k.confrelid and i.attname = 'id'
  join pg_catalog.pg_attribute as a
    on a.attrelid = k.conrelid and a.attnum = k.conkey[pg_catalog.array_position(k.confkey, i.attnum)]
  where k.contype = 'f' and k.confrelid = 'public.contacts'::pg_catalog.regclass and k.conparentid = 0
  order by 1, 2;
end;

comment on function app.contact_references() is
  'Every foreign key on contacts, in tables of today and of tomorrow, by name, with the columns of their primary keys. Internal.';

create function app.lock_for_merge(p_workspace_id uuid, p_keep_id uuid, p_lose_id uuid) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_link record;
  v_first uuid := least(p_keep_id, p_lose_id);
  v_second uuid := greatest(p_keep_id, p_lose_id);
begin
  perform app.lock_ordering_key(format('inbound-person:%s', p_workspace_id));
  for v_link in select * from app.contact_references() as r where r.key_columns <> r.column_name loop
    execute format('select from %s where %I in ($1, $2) order by %s for no key update',
      v_link.table_name, v_link.column_name, v_link.key_columns)
    using p_keep_id, p_lose_id;
  end loop;
  for v_round in 1..20 loop
    begin
      perform from public.contacts as c where c.id = v_first for update;
      perform from public.contacts as c where c.id = v_second for update nowait;
      return;
    exception when lock_not_available then
      select v_second, v_first into v_first, v_second;
    end;
  end loop;
  perform app.fail(409, 'contact.busy', 'Others are writing to these contacts.', 'Try again in a moment.');
end;
$$;

comment on function app.lock_for_merge(uuid, uuid, uuid) is
  'What merging writes, locked in the direction of all other work: what refers to a contact, table by table, then the contacts. Tables with one row per contact are written under its lock by everybody. Who writes many contacts takes them in any order, so this never waits for the second while it has the first. Events from connections write contacts before connection_records and hold the key taken here. Internal.';

create function app.move_references(p_keep_id uuid, p_lose_id uuid) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_link record;
  v_row record;
  v_count int;
  v_moved jsonb := '{}';
begin
  for v_link in select * from app.contact_references() loop
    begin
      execute format('update %s set %I = $1 where %I = $2', v_link.table_name, v_link.column_name, v_link.column_name)
      using p_keep_id, p_lose_id;
      get diagnostics v_count = row_count;
    exception when unique_violation then
      v_count := 0;
      for v_row in execute format('select ctid from %s where %I = $1', v_link.table_name, v_link.column_name) using p_lose_id loop
        begin
          execute format('update %s set %I = $1 where ctid = $2', v_link.table_name, v_link.column_name) using p_keep_id, v_row.ctid;
          v_count := v_count + 1;
        exception when unique_violation then
          null;
        end;
      end loop;
    end;
    if v_count > 0 then
      v_moved := v_moved || jsonb_build_object(v_link.table_name, v_count);
    end if;
  end loop;
  return v_moved;
end;
$$;

comment on function app.move_references(uuid, uuid) is
  'Points every foreign key on contacts from one contact to another, in tables of today and of tomorrow, and says how many rows of which. A row that the kept contact has already (the same campaign) stays, to go with the contact that goes. Internal.';

create function app.merge_contacts(p_keep_id uuid, p_lose_id uuid) returns public.contacts
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_workspace_id uuid;
  v_keep public.contacts;
  v_lose public.contacts;
  v_moved jsonb;
begin
  if p_keep_id = p_lose_id then
    perform app.fail(400, 'contact.same', 'A contact cannot be merged with itself.');
  end if;
  select c.workspace_id into v_workspace_id from public.contacts as c
  where c.id = p_keep_id and c.workspace_id = any (array(select app.workspaces_with('contacts.read')));
  if not exists (select from public.contacts as c where c.id = p_lose_id and c.workspace_id = v_workspace_id) then
    perform app.fail(404, 'contact.not_found', 'There is no such contact.');
  end if;
  perform app.require_permission(v_workspace_id, 'contacts.write');
  perform app.require_permission(v_workspace_id, 'sales.write');
  perform app.lock_for_merge(v_workspace_id, p_keep_id, p_lose_id);
  select * into v_lose from public.contacts as c where c.id = p_lose_id;
  if not found or not exists (select from public.contacts as c where c.id = p_keep_id) then
    perform app.fail(404, 'contact.not_found', 'There is no such contact.');
  end if;
  if exists (
    select from public.contact_identities as a join public.contact_identities as b on b.channel_id = a.channel_id
    where a.contact_id = p_keep_id and b.contact_id = p_lose_id) then
    perform app.fail(409, 'contact.two_identities', 'Both write on the same channel, from two accounts: they stay two contacts.');
  end if;
  v_moved := app.move_references(p_keep_id, p_lose_id);
  delete from public.contacts as c where c.id = p_lose_id;
  v_keep := app.fill_contact(p_keep_id, v_lose);
  perform app.audit(v_keep.workspace_id, 'contact.merged', p_keep_id::text, jsonb_build_object('gone', p_lose_id, 'moved', v_moved));
  perform app.note_activity(v_keep.workspace_id, app.user_id(), 'merged', 'contact', p_keep_id, jsonb_build_object('gone', p_lose_id));
  return v_keep;
end;
$$;

comment on function app.merge_contacts(uuid, uuid) is 'Behind public.merge_contacts.';

create function app.fill_contact(p_keep_id uuid, p_lost public.contacts) returns public.contacts
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_contact public.contacts;
begin
  update public.contacts as c
  set name = coalesce(c.name, p_lost.name), phone = coalesce(c.phone, p_lost.phone), language = coalesce(c.language, p_lost.language),
    company = coalesce(c.company, p_lost.company), job_title = coalesce(c.job_title, p_lost.job_title),
    source = coalesce(c.source, p_lost.source), country = coalesce(c.country, p_lost.country),
    owner_id = coalesce(c.owner_id, p_lost.owner_id),
    lifecycle = case when 'customer' in (c.lifecycle, p_lost.lifecycle) then 'customer'
      when c.lifecycle = 'subscriber' then p_lost.lifecycle else c.lifecycle end,
    tags = (select coalesce(array_agg(t.tag order by t.place), '{}')
      from (select u.tag, min(u.place) as place from unnest(c.tags || p_lost.tags) with ordinality as u (tag, place)
            group by u.tag order by 2 limit 50) as t),
    last_activity_at = greatest(c.last_activity_at, p_lost.last_activity_at),
    email = coalesce(c.email, p_lost.email),
    email_consent = case when 'withdrawn' in (c.email_consent, p_lost.email_consent) then 'withdrawn'
      when c.email is null or (c.email_key = p_lost.email_key and c.email_consent = 'unknown') then p_lost.email_consent
      else c.email_consent end,
    consent_source = case when c.email_consent <> 'withdrawn' and (p_lost.email_consent = 'withdrawn' or c.email is null
      or (c.email_key = p_lost.email_key and c.email_consent = 'unknown')) then p_lost.consent_source else c.consent_source end
  where c.id = p_keep_id
  returning * into v_contact;
  return v_contact;
end;
$$;

comment on function app.fill_contact(uuid, public.contacts) is
  'What a contact lacks comes from the one that went; tags of both. Consent goes with its address, and who withdrew it once has withdrawn it. Internal.';

create function public.merge_contacts(p_keep_id uuid, p_lose_id uuid) returns public.contacts
language sql volatile security invoker set search_path = '' as $$
  select * from app.merge_contacts(p_keep_id, p_lose_id);
$$;

comment on function public.merge_contacts(uuid, uuid) is
  'Makes two contacts one: all that belongs to the second goes to the first, which keeps what it has and takes what it lacks; the second is deleted. Cannot be undone, and is in the audit log. Errors: contact.not_found, contact.same, contact.two_identities, contact.busy, workspace.forbidden.';

revoke execute on function app.contact_references() from public, anon, authenticated, service_role;
revoke execute on function app.lock_for_merge(uuid, uuid, uuid) from public, anon, authenticated, service_role;
revoke execute on function app.move_references(uuid, uuid) from public, anon, authenticated, service_role;
revoke execute on function app.merge_contacts(uuid, uuid) from public, anon, authenticated, service_role;
revoke execute on function app.fill_contact(uuid, public.contacts) from public, anon, authenticated, service_role;
revoke execute on function public.merge_contacts(uuid, uuid) from public, anon, authenticated, service_role;
grant execute on function app.merge_contacts(uuid, uuid) to authenticated;
grant execute on function public.merge_contacts(uuid, uuid) to authenticated;
