-- Purpose:  e-mail templates as text for campaigns.
-- Risk:     none, new functions only.
-- Way back: drop the functions of this file.
set local lock_timeout = '5s';

create function app.one_line(p_text text) returns text
language sql immutable parallel safe set search_path = ''
return btrim(regexp_replace(p_text, '\s+', ' ', 'g'));

comment on function app.one_line(text) is 'The text without line breaks.';

create function app.block_markup(p_block jsonb) returns text
language sql immutable parallel safe set search_path = ''
return case p_block ->> 'type'
  when 'heading' then '# ' || app.one_line(p_block ->> 'text')
  when 'paragraph' then regexp_replace(p_block ->> 'text', '^\s+|\s+$', '', 'g')
  when 'list' then (
    select string_agg(
      case when (p_block ->> 'ordered')::boolean then i.place || '. ' else '- ' end || app.one_line(i.item), chr(10) order by i.place)
    from jsonb_array_elements_text(p_block -> 'items') with ordinality as i (item, place))
  when 'quote' then
    format('“%s”', app.one_line(p_block ->> 'text')) || coalesce(chr(10) || '— ' || nullif(app.one_line(p_block ->> 'by'), ''), '')
  when 'button' then case
    when p_block ->> 'url' ~ '^https?:' then format('[%s](%s)',
      translate(app.one_line(p_block ->> 'label'), '[]', '()'), replace(replace(p_block ->> 'url', '(', '%28'), ')', '%29'))
    when p_block ->> 'url' ~ '^(mailto|tel):' then
      app.one_line(p_block ->> 'label') || ': ' || substring(p_block ->> 'url' from '^[a-z]+:([^?]+)')
  end
end;

comment on function app.block_markup(jsonb) is
  'A block in the markup of campaigns; null for what that has no words for: pictures, dividers, buttons that lead to a page or nowhere.';

create function public.template_text(p_template_id uuid) returns jsonb
language sql stable security invoker set search_path = ''
begin atomic
  select jsonb_build_object(
    'subject', v.content #>> '{pages,0,title}',
    'body', coalesce((
      select string_agg(app.block_markup(b.block), repeat(chr(10), 2) order by b.place)
      from jsonb_array_elements(v.content #> '{pages,0,blocks}') with ordinality as b (block, place)), ''))
  from public.templates as t
  join public.template_versions as v on v.template_id = t.id and v.version = t.version
  where t.id = p_template_id and t.kind = 'email';
end;

comment on function public.template_text(uuid) is
  'An e-mail template as subject and body of a campaign, {"subject", "body"}; null when there is none. Markup and placeholders in its texts mean what they mean in campaigns. Pictures, dividers and buttons to pages are left out.';

revoke execute on function app.one_line(text) from public, anon, authenticated, service_role;
revoke execute on function app.block_markup(jsonb) from public, anon, authenticated, service_role;
revoke execute on function public.template_text(uuid) from public, anon, authenticated, service_role;
grant execute on function app.one_line(text) to authenticated;
grant execute on function app.block_markup(jsonb) to authenticated;
grant execute on function public.template_text(uuid) to authenticated;
