-- Purpose:  what clients write straight into tables is refused in words, with a stable code, before a check constraint does.
-- Risk:     triggers on brands, notes, conversations and on titles of documents; they refuse only what would have failed, and blank titles.
-- Way back: drop the functions of this file (cascade drops the triggers).
set local lock_timeout = '5s';

create function app.check_brand() returns trigger
language plpgsql stable set search_path = '' as $$
declare
  v_bad record;
begin
  select f.field, f.low, f.high into v_bad
  from (values
    ('name', new.name, 0, 200), ('voice', new.voice, 0, 2000), ('audience', new.audience, 0, 1000), ('rules', new.rules, 0, 4000),
    ('language', coalesce(new.language, 'en'), 2, 40)
  ) as f (field, text, low, high)
  where f.text is null or length(f.text) not between f.low and f.high
  limit 1;
  if found then
    perform app.fail(400, 'brand.bad_text', format('The %s of a brand has %s to %s characters.', v_bad.field, v_bad.low, v_bad.high));
  end if;
  return new;
end;
$$;

comment on function app.check_brand() is 'Trigger: refuses a brand whose texts are too long, or missing, and names the one.';

create trigger check_texts before insert or update on public.brands
  for each row execute function app.check_brand();
comment on trigger check_texts on public.brands is 'Who types too much is told where.';

create function app.check_note() returns trigger
language plpgsql stable set search_path = '' as $$
begin
  if new.title is null or length(new.title) > 200 then
    perform app.fail(400, 'note.bad_title', 'The title of a note has at most 200 characters.');
  elsif new.content is null or length(new.content) not between 1 and 20000 then
    perform app.fail(400, 'note.bad_content', 'A note has 1 to 20,000 characters.');
  end if;
  return new;
end;
$$;

comment on function app.check_note() is 'Trigger: refuses a note that cannot be stored, in words.';

create trigger check_texts before insert or update of title, content on public.notes
  for each row execute function app.check_note();
comment on trigger check_texts on public.notes is 'Who types too much is told so.';

create function app.check_conversation() returns trigger
language plpgsql stable set search_path = '' as $$
begin
  if new.title is null or length(new.title) > 200 then
    perform app.fail(400, 'conversation.bad_title', 'The title of a conversation has at most 200 characters.');
  end if;
  return new;
end;
$$;

comment on function app.check_conversation() is 'Trigger: refuses a title that cannot be stored, in words.';

create trigger check_title before insert or update of title on public.conversations
  for each row execute function app.check_conversation();
comment on trigger check_title on public.conversations is 'Who types too much is told so.';

create function app.check_document() returns trigger
language plpgsql stable set search_path = '' as $$
begin
  if new.title is distinct from old.title and (new.title is null or new.title !~ '\S' or length(new.title) > 300) then
    perform app.fail(400, 'document.bad_title', 'A title has 1 to 300 characters.');
  elsif new.brand_id is distinct from old.brand_id and new.brand_id is not null and not exists (
    select from public.brands as b where b.id = new.brand_id and b.workspace_id = new.workspace_id
  ) then
    perform app.fail(404, 'brand.not_found', 'There is no such brand.');
  end if;
  return new;
end;
$$;

comment on function app.check_document() is
  'Trigger: a document is renamed by the rule it was created by, and names a brand of its own workspace. The caller sees the brands of theirs.';

create trigger check_words before update of title, brand_id on public.documents
  for each row execute function app.check_document();
comment on trigger check_words on public.documents is 'A table refuses in the words of the RPC.';

revoke execute on function app.check_brand() from public, anon, authenticated, service_role;
revoke execute on function app.check_note() from public, anon, authenticated, service_role;
revoke execute on function app.check_conversation() from public, anon, authenticated, service_role;
revoke execute on function app.check_document() from public, anon, authenticated, service_role;
