-- Purpose:  segments that are kept, whom a filter chooses, the preview (count and examples) and the list.
-- Risk:     none, new objects only.
-- Way back: drop table public.segments and the functions of this file.
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- public.segments
------------------------------------------------------------------------------------------------
create table public.segments (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  name text not null check (length(trim(name)) between 1 and 100),
  filter jsonb not null,
  created_by uuid default app.user_id(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (workspace_id, id)
);

comment on table public.segments is 'Contacts chosen by a filter: asked anew each time, so who fits is in it and who fits no more is not.';
comment on column public.segments.name is 'For people.';
comment on column public.segments.filter is
  '{"all": […]}, {"any": […]}, {"not": …} or {"field", "op", "value"}, as segment_fields lists them; {"all": []} is everybody.';

create index segments_workspace_idx on public.segments (workspace_id, created_at desc, id);

alter table public.segments enable row level security;

create policy select_members on public.segments
  for select to authenticated
  using (workspace_id = any (array(select app.workspaces_with('campaigns.read'))));
create policy insert_marketers on public.segments
  for insert to authenticated
  with check (workspace_id = any (array(select app.workspaces_with('campaigns.write'))));
create policy update_marketers on public.segments
  for update to authenticated
  using (workspace_id = any (array(select app.workspaces_with('campaigns.write'))))
  with check (workspace_id = any (array(select app.workspaces_with('campaigns.write'))));
create policy delete_marketers on public.segments
  for delete to authenticated
  using (workspace_id = any (array(select app.workspaces_with('campaigns.write'))));

comment on policy select_members on public.segments is 'Whoever plans or follows campaigns.';
comment on policy insert_marketers on public.segments is 'Those who write to people choose whom.';
comment on policy update_marketers on public.segments is 'Name and filter are granted; a campaign that has begun keeps its recipients.';
comment on policy delete_marketers on public.segments is 'A campaign without its segment cannot begin and says so.';

revoke all on table public.segments from public, anon, authenticated, service_role;
grant select, delete, insert (id, workspace_id, name, filter), update (name, filter) on table public.segments to authenticated;
grant select on table public.segments to service_role;

create trigger touch_updated_at before update on public.segments
  for each row execute function app.touch_updated_at();
comment on trigger touch_updated_at on public.segments is 'Stamps updated_at.';

create function app.check_segment() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform app.segment_condition(new.filter);
  if length(trim(new.name)) between 1 and 100 is not true then
    perform app.fail(400, 'segment.name_invalid', 'A segment has a name of 1 to 100 characters.');
  end if;
  return new;
end;
$$;

comment on function app.check_segment() is 'Trigger: a filter that cannot be compiled is not kept. SECURITY DEFINER since the compiler is granted to nobody.';

create trigger check_segment before insert or update of name, filter on public.segments
  for each row execute function app.check_segment();
comment on trigger check_segment on public.segments is 'Refused in words, with the place in the filter.';

------------------------------------------------------------------------------------------------
-- Whom a filter chooses
------------------------------------------------------------------------------------------------
create function app.segment_contacts(p_workspace_id uuid, p_filter jsonb, p_now timestamptz default now()) returns setof public.contacts
language plpgsql stable security definer set search_path = '' rows 1000 as $$
declare
  v_segment record := app.segment_condition(p_filter);
begin
  return query execute format('select c.* from public.contacts as c where c.workspace_id = $3 and %s', v_segment.condition)
  using v_segment.params, p_now, p_workspace_id;
end;
$$;

comment on function app.segment_contacts(uuid, jsonb, timestamptz) is 'The contacts of a workspace that fit a filter. Checks no rights. Internal.';

create function app.may_mail(p_contact public.contacts) returns text
language sql stable security definer set search_path = ''
return case
  when p_contact.email_consent is distinct from 'granted' then 'campaign.no_consent'
  when not coalesce(app.is_email(p_contact.email_key), false) then 'campaign.no_address'
  when exists (
    select from public.mail_suppressions as s where s.workspace_id = p_contact.workspace_id and s.email = p_contact.email_key)
    or exists (select from app.suppressions as s where s.email = p_contact.email_key)
    or exists (
      select from app.suppressed_hashes as h
      where h.workspace_id = p_contact.workspace_id and h.email_hash = sha256(convert_to(p_contact.email_key, 'UTF8')))
    then 'campaign.suppressed'
end;

comment on function app.may_mail(public.contacts) is
  'Why a contact gets no campaign at this moment, as a code; null when they may. Consent, an address, and on none of the lists of dead ones. Internal.';

create function app.segment_counts(p_workspace_id uuid, p_filter jsonb, out total bigint, out mailable bigint)
language plpgsql stable security definer set search_path = '' as $$
declare
  v_segment record := app.segment_condition(p_filter);
  v_hashes bytea[] := array(select h.email_hash from app.suppressed_hashes as h where h.workspace_id = p_workspace_id);
begin
  execute format(
    'select count(*), count(*) filter (where c.email_consent = ''granted'' and c.email_key ~ ''^[^@\s]+@[^@\s]+\.[^@\s]+$'''
    ' and w.email is null and p.email is null'
    ' and (cardinality($4) = 0 or sha256(convert_to(c.email_key, ''UTF8'')) <> all ($4))) from public.contacts as c'
    ' left join public.mail_suppressions as w on w.workspace_id = c.workspace_id and w.email = c.email_key'
    ' left join app.suppressions as p on p.email = c.email_key'
    ' where c.workspace_id = $3 and %s', v_segment.condition)
  into total, mailable
  using v_segment.params, now(), p_workspace_id, v_hashes;
end;
$$;

comment on function app.segment_counts(uuid, jsonb) is
  'How many contacts fit, and how many of them app.may_mail lets have a campaign: the same conditions as joins and operators, since a call per row takes ten times as long. Internal.';

create function app.preview_segment(p_workspace_id uuid, p_filter jsonb) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  v_segment record;
  v_examples jsonb;
  v_counts record;
begin
  perform app.require_permission(p_workspace_id, 'campaigns.read');
  perform app.require_permission(p_workspace_id, 'contacts.read');
  v_segment := app.segment_condition(p_filter);
  v_counts := app.segment_counts(p_workspace_id, p_filter);
  execute format(
    'select coalesce(jsonb_agg(to_jsonb(e)), ''[]'') from (select c.id, c.name, c.email, c.company, c.email_consent'
    ' from public.contacts as c where c.workspace_id = $3 and %s order by c.created_at desc, c.id limit 10) as e',
    v_segment.condition)
  into v_examples
  using v_segment.params, now(), p_workspace_id;
  return jsonb_build_object('count', v_counts.total, 'mailable', v_counts.mailable, 'examples', v_examples);
end;
$$;

comment on function app.preview_segment(uuid, jsonb) is
  'Behind public.preview_segment. Asks contacts.read too: a count that answers any filter spells out what it counts.';

create function public.preview_segment(p_workspace_id uuid, p_filter jsonb) returns jsonb
language sql stable security invoker set search_path = ''
begin atomic
  select app.preview_segment(p_workspace_id, p_filter);
end;

comment on function public.preview_segment(uuid, jsonb) is
  '{count, mailable, examples}: how many contacts fit a filter, how many of them may be written to, and the ten newest; for those who may read contacts. Errors: segment.filter_invalid, workspace.forbidden, workspace.not_found.';

create function app.list_segment_contacts(p_segment_id uuid, p_limit int, p_after_created_at timestamptz, p_after_id uuid)
returns setof public.contacts
language plpgsql stable security definer set search_path = '' rows 50 as $$
declare
  v_segment public.segments;
  v_compiled record;
begin
  select * into v_segment from public.segments as s
  where s.id = p_segment_id and s.workspace_id = any (array(select app.workspaces_with('campaigns.read')));
  if not found then
    perform app.fail(404, 'segment.not_found', 'There is no such segment.');
  end if;
  perform app.require_permission(v_segment.workspace_id, 'contacts.read');
  v_compiled := app.segment_condition(v_segment.filter);
  return query execute format(
    'select c.* from public.contacts as c where c.workspace_id = $3 and %s'
    ' and ($4 is null or c.created_at <= $4 and (c.created_at < $4 or c.id > $5)) order by c.created_at desc, c.id limit $6',
    v_compiled.condition)
  using v_compiled.params, now(), v_segment.workspace_id, p_after_created_at, p_after_id,
    least(greatest(coalesce(p_limit, 50), 1), 500);
end;
$$;

comment on function app.list_segment_contacts(uuid, int, timestamptz, uuid) is
  'Behind public.list_segment_contacts. The order is that of contacts_workspace_idx, so that a page costs what it shows.';

create function public.list_segment_contacts(
  p_segment_id uuid, p_limit int default 50, p_after_created_at timestamptz default null, p_after_id uuid default null
) returns setof public.contacts
language sql stable security invoker set search_path = '' rows 50
begin atomic
  select * from app.list_segment_contacts(p_segment_id, p_limit, p_after_created_at, p_after_id);
end;

comment on function public.list_segment_contacts(uuid, int, timestamptz, uuid) is
  'The contacts who are in a segment now, the newest first, 1 to 500 at a time; the next page begins after created_at and id of the last one. For those who may read segments and contacts. Errors: segment.not_found, workspace.forbidden.';

revoke execute on function app.check_segment() from public, anon, authenticated, service_role;
revoke execute on function app.segment_contacts(uuid, jsonb, timestamptz) from public, anon, authenticated, service_role;
revoke execute on function app.may_mail(public.contacts) from public, anon, authenticated, service_role;
revoke execute on function app.segment_counts(uuid, jsonb) from public, anon, authenticated, service_role;
revoke execute on function app.preview_segment(uuid, jsonb) from public, anon, authenticated, service_role;
revoke execute on function public.preview_segment(uuid, jsonb) from public, anon, authenticated, service_role;
revoke execute on function app.list_segment_contacts(uuid, int, timestamptz, uuid) from public, anon, authenticated, service_role;
revoke execute on function public.list_segment_contacts(uuid, int, timestamptz, uuid) from public, anon, authenticated, service_role;
grant execute on function app.list_segment_contacts(uuid, int, timestamptz, uuid) to authenticated;
grant execute on function public.list_segment_contacts(uuid, int, timestamptz, uuid) to authenticated;
grant execute on function app.preview_segment(uuid, jsonb) to authenticated;
grant execute on function public.preview_segment(uuid, jsonb) to authenticated;
