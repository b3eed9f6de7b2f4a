-- Purpose:  segments: contacts chosen by a JSON filter, which one function turns into SQL with parameters; count and examples at once.
-- Risk:     none, new objects only.
-- Way back: drop the functions and both tables of this file.
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- public.segment_fields
------------------------------------------------------------------------------------------------
create table public.segment_fields (
  field text primary key check (field ~ '^[a-z][a-z_]{1,40}$'),
  kind text not null check (kind in ('text', 'choice', 'number', 'moment', 'tags', 'member', 'campaign')),
  operators text[] not null,
  description text not null
);

comment on table public.segment_fields is 'What a segment can ask of a contact: the closed list of fields and, for each, of operators. A client draws its form from it.';
comment on column public.segment_fields.field is 'The column of public.contacts; campaign is what they got, and not a column.';
comment on column public.segment_fields.kind is 'What is compared: text and tags without regard to upper and lower case of A to Z and accents as the database folds them.';
comment on column public.segment_fields.operators is 'What may stand in "op".';
comment on column public.segment_fields.description is 'For people.';

alter table public.segment_fields enable row level security;

create policy select_authenticated on public.segment_fields for select to authenticated using (true);
comment on policy select_authenticated on public.segment_fields is 'Everybody signed in.';

revoke all on table public.segment_fields from public, anon, authenticated, service_role;
grant select on table public.segment_fields to authenticated, service_role;

insert into public.segment_fields (field, kind, operators, description)
select f.field, f.kind, k.operators, f.description
from (values
  ('name', 'text', 'The person''s name.'), ('email', 'text', 'The e-mail address.'), ('phone', 'text', 'The phone number.'),
  ('company', 'text', 'The company.'), ('job_title', 'text', 'What they do there.'), ('source', 'text', 'Where they came from.'),
  ('language', 'choice', 'Two or three letters, such as fr.'), ('country', 'choice', 'Two letters, such as CH.'),
  ('lifecycle', 'choice', 'subscriber, lead, qualified, customer or lost.'), ('email_consent', 'choice', 'unknown, granted or withdrawn.'),
  ('lead_score', 'number', '0 to 100.'), ('created_at', 'moment', 'When the contact was made.'),
  ('last_activity_at', 'moment', 'When they last did something.'), ('consent_at', 'moment', 'When they last spoke about consent.'),
  ('tags', 'tags', 'Their tags.'), ('owner_id', 'member', 'The member who looks after them.'),
  ('campaign', 'campaign', 'Whether a campaign went to them: its id. By contact or by address, and also when it is not known.')
) as f (field, kind, description)
join (values
  ('text', '{eq,in,contains,starts_with,ends_with,is_set}'::text[]), ('choice', '{eq,in,is_set}'), ('number', '{eq,lt,lte,gt,gte,is_set}'),
  ('moment', '{before,after,within_days,older_than_days,is_set}'), ('tags', '{has_any,has_all,is_set}'), ('member', '{eq,in,is_set}'),
  ('campaign', '{received,not_received}')
) as k (kind, operators) using (kind);

------------------------------------------------------------------------------------------------
-- The compiler: the one place where a filter becomes SQL
------------------------------------------------------------------------------------------------
create function app.segment_fail(p_path text, p_problem text) returns void
language plpgsql volatile security invoker set search_path = '' as $$
begin
  perform app.fail(400, 'segment.filter_invalid', format('The filter does not fit at %s: %s.', p_path, p_problem),
    'The table segment_fields lists fields and operators.');
end;
$$;

comment on function app.segment_fail(text, text) is 'Fails with 400 segment.filter_invalid; the path says where in the filter. Internal.';

create function app.segment_value(p_path text, p_kind text, p_operator text, p_value jsonb) returns jsonb
language plpgsql stable security invoker set search_path = '' as $$
declare
  v_type text := jsonb_typeof(p_value);
  v_text text := p_value #>> '{}';
begin
  if p_operator = 'is_set' then
    if p_value is not null then perform app.segment_fail(p_path, 'is_set has no value'); end if;
  elsif p_operator in ('in', 'has_any', 'has_all') then
    if v_type is distinct from 'array' or jsonb_array_length(p_value) not between 1 and 100
      or jsonb_path_exists(p_value, '$[*] ? (@.type() != "string")') then
      perform app.segment_fail(p_path, 'the value is a list of 1 to 100 texts');
    elsif exists (select from jsonb_array_elements_text(p_value) as e (item) where length(item) not between 1 and 200) then
      perform app.segment_fail(p_path, 'each text has 1 to 200 characters');
    end if;
    return (select jsonb_agg(lower(e.item)) from jsonb_array_elements_text(p_value) as e (item));
  elsif p_kind = 'campaign' then
    if v_type is distinct from 'string' or v_text !~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
      perform app.segment_fail(p_path, 'the value is the id of a campaign');
    end if;
  elsif p_kind = 'number' then
    if v_type is distinct from 'number' or abs(v_text::numeric) > 1000000 then
      perform app.segment_fail(p_path, 'the value is a number up to a million');
    end if;
  elsif p_operator in ('within_days', 'older_than_days') then
    if v_type is distinct from 'number' or v_text !~ '^\d{1,5}$' then
      perform app.segment_fail(p_path, 'the value is a whole number of days, 0 to 99999');
    end if;
  elsif v_type is distinct from 'string' or length(v_text) not between 1 and 200 then
    perform app.segment_fail(p_path, 'the value is a text of 1 to 200 characters');
  elsif p_kind = 'moment' then
    return to_jsonb(app.segment_moment(p_path, v_text) at time zone 'UTC');
  else
    return to_jsonb(lower(v_text));
  end if;
  return coalesce(p_value, 'null');
end;
$$;

comment on function app.segment_value(text, text, text, jsonb) is
  'A value as the parameter it becomes: texts in lower case, moments in UTC; 400 when it does not fit its operator. Internal.';

create function app.segment_moment(p_path text, p_text text) returns timestamptz
language plpgsql stable security invoker set search_path = '' as $$
begin
  if p_text ~ '^\d{4}-\d\d-\d\d$' then
    return (p_text || 'T00:00:00Z')::timestamptz;
  elsif p_text ~ '^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)$' then
    return p_text::timestamptz;
  end if;
  perform app.segment_fail(p_path, 'the value is a date, or a date and time with its zone');
  return null;
exception when datetime_field_overflow or invalid_datetime_format or invalid_time_zone_displacement_value then
  perform app.segment_fail(p_path, 'there is no such date');
  return null;
end;
$$;

comment on function app.segment_moment(text, text) is 'A date (midnight UTC) or an ISO 8601 moment with a zone; 400 otherwise. Internal.';

create function app.segment_received(p_place text) returns text
language sql immutable security invoker set search_path = ''
return format(
  '(exists (select from %1$s and r.contact_id = c.id) or exists (select from %1$s and r.email = c.email_key))',
  format(
    'public.campaign_recipients as r where r.campaign_id = ($1 ->> %s)::uuid and r.workspace_id = $3 and r.status in (%s)',
    p_place, '''sent'', ''delivered'', ''complained'', ''unknown'''));

comment on function app.segment_received(text) is
  'The SQL of "a campaign went to them": to the contact, or to another one with the same address. Each by an index of its own; another workspace''s campaign went to nobody. Internal.';

create function app.segment_comparison(p_kind text, p_operator text, p_column text, p_place text) returns text
language sql immutable security invoker set search_path = ''
return case
  when p_operator = 'received' then app.segment_received(p_place)
  when p_operator = 'not_received' then 'not ' || app.segment_received(p_place)
  when p_operator = 'is_set' and p_kind = 'tags' then format('cardinality(%s) > 0', p_column)
  when p_operator = 'is_set' and p_kind in ('text', 'choice') then format('%s <> ''''', p_column)
  when p_operator = 'is_set' then format('%s is not null', p_column)
  when p_operator = 'has_any' then format('lower(%s::text)::text[] && app.texts_of($1 -> %s)', p_column, p_place)
  when p_operator = 'has_all' then format('lower(%s::text)::text[] @> app.texts_of($1 -> %s)', p_column, p_place)
  when p_operator = 'in' then format('lower(%s::text) = any (app.texts_of($1 -> %s))', p_column, p_place)
  when p_operator = 'contains' then format('strpos(lower(%s), $1 ->> %s) > 0', p_column, p_place)
  when p_operator = 'starts_with' then format('starts_with(lower(%s), $1 ->> %s)', p_column, p_place)
  when p_operator = 'ends_with' then format('right(lower(%s), length($1 ->> %s)) = $1 ->> %s', p_column, p_place, p_place)
  when p_operator = 'eq' and p_kind = 'number' then format('%s = ($1 ->> %s)::numeric', p_column, p_place)
  when p_operator = 'eq' then format('lower(%s::text) = $1 ->> %s', p_column, p_place)
  when p_operator = 'lt' then format('%s < ($1 ->> %s)::numeric', p_column, p_place)
  when p_operator = 'lte' then format('%s <= ($1 ->> %s)::numeric', p_column, p_place)
  when p_operator = 'gt' then format('%s > ($1 ->> %s)::numeric', p_column, p_place)
  when p_operator = 'gte' then format('%s >= ($1 ->> %s)::numeric', p_column, p_place)
  when p_operator = 'before' then format('%s < ($1 ->> %s)::timestamp at time zone ''UTC''', p_column, p_place)
  when p_operator = 'after' then format('%s >= ($1 ->> %s)::timestamp at time zone ''UTC''', p_column, p_place)
  when p_operator = 'within_days' then format('%s >= $2 - make_interval(hours => 24 * ($1 ->> %s)::int)', p_column, p_place)
  when p_operator = 'older_than_days' then format('%s < $2 - make_interval(hours => 24 * ($1 ->> %s)::int)', p_column, p_place)
end;

comment on function app.segment_comparison(text, text, text, text) is
  'The SQL of one comparison, from fixed pieces, a column of segment_fields and the number of a parameter: nothing a caller wrote is in it. Internal.';

create function app.texts_of(p_list jsonb) returns text[]
language sql immutable parallel safe security invoker set search_path = ''
return array(select e.item from jsonb_array_elements_text(p_list) as e (item));

comment on function app.texts_of(jsonb) is 'A JSON list of texts as an array. Internal.';

create function app.compile_segment(p_node jsonb, p_path text, p_depth int, p_params jsonb, out params jsonb, out condition text)
language plpgsql stable security invoker set search_path = '' as $$
declare
  v_keys text[];
  v_key text;
  v_field public.segment_fields;
  v_parts text[] := '{}';
  v_part text;
  v_place bigint;
begin
  params := p_params;
  if jsonb_typeof(p_node) is distinct from 'object' then
    perform app.segment_fail(p_path, 'a filter is an object');
  elsif p_depth > 6 then
    perform app.segment_fail(p_path, 'it is nested more than 6 deep');
  end if;
  v_keys := array(select k from jsonb_object_keys(p_node) as k order by k);
  v_key := v_keys[1];
  if cardinality(v_keys) = 1 and v_key in ('all', 'any') then
    if jsonb_typeof(p_node -> v_key) <> 'array' or jsonb_array_length(p_node -> v_key) > 50 then
      perform app.segment_fail(p_path, format('%s is a list of at most 50 filters', v_key));
    end if;
    for v_place in 0 .. jsonb_array_length(p_node -> v_key) - 1 loop
      select c.params, c.condition into params, v_part
      from app.compile_segment(p_node -> v_key -> v_place::int, format('%s.%s[%s]', p_path, v_key, v_place), p_depth + 1, params) as c;
      v_parts := v_parts || v_part;
    end loop;
    condition := coalesce('(' || nullif(array_to_string(v_parts, case v_key when 'all' then ' and ' else ' or ' end), '') || ')',
      case v_key when 'all' then 'true' else 'false' end);
    return;
  elsif v_keys = '{not}' then
    select c.params, 'not ' || c.condition into params, condition
    from app.compile_segment(p_node -> 'not', p_path || '.not', p_depth + 1, params) as c;
    return;
  elsif not (v_keys <@ '{field,op,value}' and v_keys @> '{field,op}') then
    perform app.segment_fail(p_path, 'it is {"all": […]}, {"any": […]}, {"not": …} or {"field", "op", "value"}');
  end if;
  v_place := jsonb_array_length(params);
  select * into v_field from public.segment_fields as f where to_jsonb(f.field) = p_node -> 'field';
  if not found then
    perform app.segment_fail(p_path, 'there is no such field');
  elsif (p_node ->> 'op' = any (v_field.operators)) is not true then
    perform app.segment_fail(p_path, format('the operators of %s are %s', v_field.field, array_to_string(v_field.operators, ', ')));
  elsif v_place >= 50 then
    perform app.segment_fail(p_path, 'there are more than 50 comparisons');
  end if;
  params := params || jsonb_build_array(app.segment_value(p_path, v_field.kind, p_node ->> 'op', p_node -> 'value'));
  condition := format('coalesce(%s, false)',
    app.segment_comparison(v_field.kind, p_node ->> 'op', format('c.%I', v_field.field), v_place::text));
end;
$$;

comment on function app.compile_segment(jsonb, text, int, jsonb) is
  'A filter as a condition on contacts c; its values are elements of $1, the present is $2, the workspace is $3. A missing value fits no comparison, so its negation fits. 400 segment.filter_invalid. Internal.';

create function app.segment_condition(p_filter jsonb, out condition text, out params jsonb)
language plpgsql stable security invoker set search_path = '' as $$
begin
  if length(p_filter::text) > 20000 then
    perform app.segment_fail('filter', 'it is longer than 20,000 characters');
  end if;
  select c.condition, c.params into condition, params from app.compile_segment(p_filter, 'filter', 1, '[]') as c;
end;
$$;

comment on function app.segment_condition(jsonb) is 'Compiles a whole filter. Internal.';

revoke execute on function app.segment_fail(text, text) from public, anon, authenticated, service_role;
revoke execute on function app.segment_value(text, text, text, jsonb) from public, anon, authenticated, service_role;
revoke execute on function app.segment_moment(text, text) from public, anon, authenticated, service_role;
revoke execute on function app.segment_received(text) from public, anon, authenticated, service_role;
revoke execute on function app.segment_comparison(text, text, text, text) from public, anon, authenticated, service_role;
revoke execute on function app.texts_of(jsonb) from public, anon, authenticated, service_role;
revoke execute on function app.compile_segment(jsonb, text, int, jsonb) from public, anon, authenticated, service_role;
revoke execute on function app.segment_condition(jsonb) from public, anon, authenticated, service_role;
