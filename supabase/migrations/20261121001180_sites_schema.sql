-- Purpose:  what pages are made of: a JSON Schema, and a function that checks values against it; the right to write sites.
-- Risk:     none, new functions only.
-- Way back: drop the functions; delete the permission sites.write.
set local lock_timeout = '5s';

insert into public.role_permissions (role, permission)
select role, 'sites.write' from unnest('{owner,admin,editor,marketing}'::text[]) as role;

------------------------------------------------------------------------------------------------
-- JSON Schema, the part of it that pages need
------------------------------------------------------------------------------------------------
create function app.schema_problem(p_schema jsonb, p_value jsonb, p_place text) returns text
language plpgsql immutable parallel safe set search_path = '' as $$
declare
  v_schema jsonb := p_schema;
  v_is text := jsonb_typeof(p_value);
  v_problem text;
begin
  if v_schema ? 'anyOf' then
    select b into v_schema from jsonb_array_elements(v_schema -> 'anyOf') as b
    where b #> '{properties,type,enum}' @> jsonb_build_array(p_value -> 'type');
    if not found then
      return p_place || ' breaks the rule anyOf';
    end if;
  end if;
  if v_schema ->> 'type' = 'integer' and v_is = 'number' and mod((p_value #>> '{}')::numeric, 1) = 0 then
    v_is := 'integer';
  end if;
  if v_is is distinct from v_schema ->> 'type' then
    return p_place || ' breaks the rule type';
  elsif not (v_schema -> 'enum') @> jsonb_build_array(p_value) then
    return p_place || ' breaks the rule enum';
  elsif v_is = 'string' then
    v_problem := app.string_problem(v_schema, p_value #>> '{}');
    return case when v_problem is not null then p_place || ' breaks the rule ' || v_problem end;
  elsif v_is = 'array' then
    return app.array_problem(v_schema, p_value, p_place);
  elsif v_is = 'object' then
    return app.object_problem(v_schema, p_value, p_place);
  end if;
  return null;
end;
$$;

comment on function app.schema_problem(jsonb, jsonb, text) is
  'Where and by which rule a value breaks a JSON Schema; null when it fits. Knows type, enum, minLength, maxLength, pattern, minItems, maxItems, items, properties, required, additionalProperties false, and anyOf of objects that differ in the enum of their property type. Internal.';

create function app.string_problem(p_schema jsonb, p_text text) returns text
language sql immutable parallel safe set search_path = ''
return case
  when length(p_text) < (p_schema ->> 'minLength')::int then 'minLength'
  when length(p_text) > (p_schema ->> 'maxLength')::int then 'maxLength'
  when p_text !~ (p_schema ->> 'pattern') then 'pattern'
end;

comment on function app.string_problem(jsonb, text) is 'The rule that a text breaks, or null. Internal.';

create function app.array_problem(p_schema jsonb, p_value jsonb, p_place text) returns text
language plpgsql immutable parallel safe set search_path = '' as $$
declare
  v_item jsonb;
  v_number int := 0;
  v_problem text;
begin
  if jsonb_array_length(p_value) < (p_schema ->> 'minItems')::int then
    return p_place || ' breaks the rule minItems';
  elsif jsonb_array_length(p_value) > (p_schema ->> 'maxItems')::int then
    return p_place || ' breaks the rule maxItems';
  end if;
  for v_item in select jsonb_array_elements(p_value) loop
    v_problem := app.schema_problem(p_schema -> 'items', v_item, p_place || '/' || v_number);
    exit when v_problem is not null;
    v_number := v_number + 1;
  end loop;
  return v_problem;
end;
$$;

comment on function app.array_problem(jsonb, jsonb, text) is 'The first problem of an array: its size, then its items in order. Internal.';

create function app.object_problem(p_schema jsonb, p_value jsonb, p_place text) returns text
language plpgsql immutable parallel safe set search_path = '' as $$
declare
  v_property record;
  v_problem text;
begin
  if not p_value ?& array(select jsonb_array_elements_text(p_schema -> 'required')) then
    return p_place || ' breaks the rule required';
  elsif p_value - array(select jsonb_object_keys(p_schema -> 'properties')) <> '{}' then
    return p_place || ' breaks the rule additionalProperties';
  end if;
  for v_property in select key, value from jsonb_each(p_value) loop
    v_problem := app.schema_problem(
      p_schema #> array['properties', v_property.key], v_property.value, p_place || '/' || v_property.key);
    exit when v_problem is not null;
  end loop;
  return v_problem;
end;
$$;

comment on function app.object_problem(jsonb, jsonb, text) is 'The first problem of an object: missing properties, unknown ones, their values. Internal.';

------------------------------------------------------------------------------------------------
-- The schema of a site's content
------------------------------------------------------------------------------------------------
create function app.site_schema() returns jsonb
language sql immutable parallel safe set search_path = ''
return '{
  "type": "object", "required": ["pages"], "additionalProperties": false,
  "properties": {
    "theme": {"type": "object", "required": [], "additionalProperties": false, "properties": {
      "primary": {"type": "string", "pattern": "^#[0-9a-f]{6}$"},
      "background": {"type": "string", "pattern": "^#[0-9a-f]{6}$"},
      "text": {"type": "string", "pattern": "^#[0-9a-f]{6}$"},
      "font": {"type": "string", "enum": ["sans", "serif", "mono"]}}},
    "pages": {"type": "array", "minItems": 1, "maxItems": 20, "items": {
      "type": "object", "required": ["path", "title", "blocks"], "additionalProperties": false, "properties": {
        "path": {"type": "string", "maxLength": 120, "pattern": "^/([a-z0-9]+(-[a-z0-9]+)*(/[a-z0-9]+(-[a-z0-9]+)*)*)?$"},
        "title": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "\\S"},
        "description": {"type": "string", "maxLength": 300},
        "blocks": {"type": "array", "minItems": 1, "maxItems": 60, "items": {"anyOf": [
          {"type": "object", "required": ["type", "level", "text"], "additionalProperties": false, "properties": {
            "type": {"type": "string", "enum": ["heading"]}, "level": {"type": "integer", "enum": [1, 2, 3]},
            "text": {"type": "string", "minLength": 1, "maxLength": 300, "pattern": "\\S"}}},
          {"type": "object", "required": ["type", "text"], "additionalProperties": false, "properties": {
            "type": {"type": "string", "enum": ["paragraph"]},
            "text": {"type": "string", "minLength": 1, "maxLength": 5000, "pattern": "\\S"}}},
          {"type": "object", "required": ["type", "ordered", "items"], "additionalProperties": false, "properties": {
            "type": {"type": "string", "enum": ["list"]}, "ordered": {"type": "boolean"},
            "items": {"type": "array", "minItems": 1, "maxItems": 50, "items":
              {"type": "string", "minLength": 1, "maxLength": 1000, "pattern": "\\S"}}}},
          {"type": "object", "required": ["type", "text", "by"], "additionalProperties": false, "properties": {
            "type": {"type": "string", "enum": ["quote"]},
            "text": {"type": "string", "minLength": 1, "maxLength": 2000, "pattern": "\\S"},
            "by": {"type": "string", "maxLength": 200}}},
          {"type": "object", "required": ["type", "label", "url"], "additionalProperties": false, "properties": {
            "type": {"type": "string", "enum": ["button"]},
            "label": {"type": "string", "minLength": 1, "maxLength": 100, "pattern": "\\S"},
            "url": {"type": "string", "maxLength": 2000,
              "pattern": "^(#\\S*|/|(/[a-z0-9]+(-[a-z0-9]+)*)+|https?://[^\\s<>\\\"]+|mailto:[^\\s<>\\\"]+|tel:\\+?[0-9][0-9().-]{1,30})$"}}},
          {"type": "object", "required": ["type", "search", "alt"], "additionalProperties": false, "properties": {
            "type": {"type": "string", "enum": ["image"]},
            "search": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "\\S"},
            "alt": {"type": "string", "minLength": 1, "maxLength": 300, "pattern": "\\S"}}},
          {"type": "object", "required": ["type"], "additionalProperties": false, "properties": {
            "type": {"type": "string", "enum": ["divider"]}}},
          {"type": "object", "required": ["type", "url", "alt"], "additionalProperties": false, "properties": {
            "type": {"type": "string", "enum": ["picture"]},
            "url": {"type": "string", "maxLength": 2000, "pattern": "^https?://[^\\s<>\\\"]+$"},
            "alt": {"type": "string", "minLength": 1, "maxLength": 300, "pattern": "\\S"}}}
        ]}}}}}}}'::jsonb;

comment on function app.site_schema() is
  'JSON Schema of a site''s or template''s content: a theme and pages of blocks. The blocks are those of the design assistant and picture, a picture found or uploaded. A button leads to a page by its path, to the world, to a mailbox, to a telephone, or with # wherever the frontend says.';

create function public.site_schema() returns jsonb
language sql immutable parallel safe security invoker set search_path = ''
begin atomic
  select app.site_schema();
end;

comment on function public.site_schema() is 'JSON Schema of what save_site takes: an editor draws its forms from it.';

create function app.check_site_content(p_kind text, p_content jsonb) returns void
language plpgsql immutable set search_path = '' as $$
declare
  v_problem text;
  v_paths text[];
begin
  if p_kind is null or p_kind not in ('site', 'layout', 'email') then
    perform app.fail(400, 'template.bad_kind', 'There is no such kind.', 'Kinds are site, layout and email.');
  elsif p_content is null or octet_length(p_content::text) > 500000 then
    perform app.fail(400, 'site.bad_content', 'The content is missing or larger than 500,000 bytes.');
  end if;
  v_problem := app.schema_problem(app.site_schema(), p_content, 'content');
  if v_problem is not null then
    perform app.fail(400, 'site.bad_content', format('The content does not fit: %s.', v_problem), 'See site_schema.');
  end if;
  select array_agg(distinct page ->> 'path') into v_paths from jsonb_array_elements(p_content -> 'pages') as page;
  if cardinality(v_paths) < jsonb_array_length(p_content -> 'pages') or not '/' = any (v_paths) then
    perform app.fail(400, 'site.bad_paths', 'Each page has a path of its own, and one is /.');
  elsif p_kind <> 'site' and cardinality(v_paths) > 1 then
    perform app.fail(400, 'site.bad_paths', 'Layouts and e-mails have one page, at /.');
  end if;
end;
$$;

comment on function app.check_site_content(text, jsonb) is 'Refuses content that does not fit the schema, in words that name the place and the rule. Internal.';

create function app.is_slug(p_text text) returns boolean
language sql immutable parallel safe set search_path = ''
return p_text ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(p_text) between 3 and 60;

comment on function app.is_slug(text) is 'Part of an address: 3 to 60 small letters, digits and single dashes between them.';

revoke execute on function app.schema_problem(jsonb, jsonb, text) from public, anon, authenticated, service_role;
revoke execute on function app.string_problem(jsonb, text) from public, anon, authenticated, service_role;
revoke execute on function app.array_problem(jsonb, jsonb, text) from public, anon, authenticated, service_role;
revoke execute on function app.object_problem(jsonb, jsonb, text) from public, anon, authenticated, service_role;
revoke execute on function app.site_schema() from public, anon, authenticated, service_role;
revoke execute on function public.site_schema() from public, anon, authenticated, service_role;
revoke execute on function app.check_site_content(text, jsonb) from public, anon, authenticated, service_role;
revoke execute on function app.is_slug(text) from public, anon, authenticated, service_role;
grant execute on function app.site_schema() to authenticated;
grant execute on function public.site_schema() to authenticated;
grant execute on function app.is_slug(text) to authenticated, service_role;
