-- Purpose:  what a browser does with comments: say, answer, change, delete, settle.
-- Risk:     none, new functions only.
-- Way back: drop the functions of this file.
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- Checks
------------------------------------------------------------------------------------------------
create function app.check_comment(p_body text, p_mentions uuid[]) returns void
language plpgsql immutable set search_path = '' as $$
begin
  if p_body is null or p_body !~ '\S' or length(p_body) > 10000 then
    perform app.fail(400, 'comment.bad_body', 'A comment has 1 to 10,000 characters.');
  elsif cardinality(p_mentions) > 50 then
    perform app.fail(400, 'comment.too_many_mentions', 'A comment names at most 50 people.');
  end if;
end;
$$;

comment on function app.check_comment(text, uuid[]) is 'Refuses a comment that cannot be stored, in words.';

create function app.require_commenter(p_document_id uuid) returns public.documents
language plpgsql stable security definer set search_path = '' as $$
declare
  v_document public.documents;
begin
  select * into v_document from public.documents as d
  where d.id = p_document_id and app.user_id() in (select app.readers_of(d.id));
  if not found then
    perform app.require_user();
    perform app.fail(404, 'document.not_found', 'There is no such document.');
  end if;
  perform app.require_permission(v_document.workspace_id, 'comments.write');
  return v_document;
end;
$$;

comment on function app.require_commenter(uuid) is 'The document, if the caller may read it and comment; else 401, 404 or 403. Internal.';

create function app.quote_of(p_document public.documents, p_version int, p_start int, p_end int) returns text
language plpgsql stable set search_path = '' as $$
declare
  v_content text;
begin
  if p_version not between 1 and p_document.version then
    perform app.fail(404, 'document.version_not_found', 'The document has no such version.');
  elsif num_nulls(p_start, p_end) = 2 then
    return null;
  end if;
  select v.content into v_content from public.document_versions as v
  where v.document_id = p_document.id and v.version = p_version;
  if v_content is null or num_nulls(p_start, p_end) > 0 or p_start < 0 or p_end <= p_start or p_end > length(v_content)
    or p_end - p_start > 2000 then
    perform app.fail(400, 'comment.bad_range', 'This is no passage of that version.',
      'Give both ends in Unicode code points, at most 2,000 apart; a PDF is commented on as a whole.');
  end if;
  return substr(v_content, p_start + 1, p_end - p_start);
end;
$$;

comment on function app.quote_of(public.documents, int, int, int) is
  'The passage of a version that a comment is about; null for the whole. 404 without the version, 400 without the passage. Internal.';

create function app.mention(p_comment public.comments, p_mentions uuid[]) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_title text := (select d.title from public.documents as d where d.id = p_comment.document_id);
begin
  if exists (
    select from unnest(p_mentions) as m (user_id) where m.user_id is null or m.user_id not in (select app.readers_of(p_comment.document_id))) then
    perform app.fail(400, 'comment.mention_cannot_read', 'Someone mentioned is no member who may read this document.');
  end if;
  delete from public.comment_mentions as old
  where old.comment_id = p_comment.id and old.user_id <> all (coalesce(p_mentions, '{}'));
  insert into public.comment_mentions (comment_id, user_id, workspace_id)
  select distinct p_comment.id, m.user_id, p_comment.workspace_id from unnest(p_mentions) as m (user_id)
  on conflict do nothing;
  perform app.notify(
    'mention', m.user_id, p_comment.workspace_id, null, format('mention:%s:%s', p_comment.id, m.user_id),
    jsonb_build_object(
      'by', (select p.display_name from public.profiles as p where p.user_id = p_comment.created_by),
      'text', left(p_comment.body, 300), 'title', v_title, 'document_id', p_comment.document_id, 'comment_id', p_comment.id))
  from public.comment_mentions as m
  where m.comment_id = p_comment.id and m.user_id <> p_comment.created_by
  order by m.user_id;
end;
$$;

comment on function app.mention(public.comments, uuid[]) is
  'Makes these the people a comment names, and tells each of them once in the life of the comment. Internal.';

------------------------------------------------------------------------------------------------
-- Say, change, delete
------------------------------------------------------------------------------------------------
create function app.create_comment(
  p_document_id uuid, p_body text, p_thread_id uuid, p_version int, p_range_start int, p_range_end int, p_mentions uuid[], p_quote text
) returns public.comments
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_document public.documents := app.require_commenter(p_document_id);
  v_version int := coalesce(p_version, v_document.version);
  v_quote text;
  v_comment public.comments;
begin
  perform app.check_comment(p_body, p_mentions);
  if p_thread_id is not null then
    perform from public.comments as c
    where c.id = p_thread_id and c.document_id = p_document_id and c.thread_id is null
    for key share;
    if not found then
      perform app.fail(404, 'comment.not_found', 'There is no such thread at this document.');
    elsif num_nonnulls(p_range_start, p_range_end) > 0 then
      perform app.fail(400, 'comment.bad_range', 'An answer is about what its thread is about.');
    end if;
  end if;
  v_quote := app.quote_of(v_document, v_version, p_range_start, p_range_end);
  if p_quote is distinct from coalesce(v_quote, '') and p_quote is not null then
    perform app.fail(400, 'comment.bad_range', 'Another passage stands there in that version.',
      'Count in Unicode code points, not in UTF-16 units: in JavaScript [...text].length.');
  end if;
  insert into public.comments (workspace_id, document_id, thread_id, version, range_start, range_end, quote, body, created_by)
  values (v_document.workspace_id, p_document_id, p_thread_id, v_version, p_range_start, p_range_end,
    v_quote, p_body, app.user_id())
  returning * into v_comment;
  perform app.mention(v_comment, p_mentions);
  perform app.note_activity(v_comment.workspace_id, v_comment.created_by,
    case when p_thread_id is null then 'commented' else 'answered' end, 'comment', v_comment.id,
    jsonb_build_object('document_id', p_document_id, 'title', left(v_document.title, 200)));
  return v_comment;
end;
$$;

comment on function app.create_comment(uuid, text, uuid, int, int, int, uuid[], text) is 'Behind public.create_comment.';

create function public.create_comment(
  p_document_id uuid, p_body text, p_thread_id uuid default null, p_version int default null,
  p_range_start int default null, p_range_end int default null, p_mentions uuid[] default '{}', p_quote text default null
) returns public.comments
language sql volatile security invoker set search_path = ''
begin atomic
  select * from app.create_comment(p_document_id, p_body, p_thread_id, p_version, p_range_start, p_range_end, p_mentions, p_quote);
end;

comment on function public.create_comment(uuid, text, uuid, int, int, int, uuid[], text) is
  'Says something about a document or a passage of a version of it (the newest without p_version), or answers in a thread. Both ends of a passage count Unicode code points from 0, not UTF-16 units: in JavaScript [...text.slice(0, i)].length. With p_quote the passage must read so. Those mentioned are told. Errors: comment.bad_body, comment.bad_range, comment.not_found, comment.too_many_mentions, comment.mention_cannot_read, document.version_not_found, document.not_found, workspace.forbidden.';

create function app.lock_comment(p_comment_id uuid) returns public.comments
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_comment public.comments;
begin
  select * into v_comment from public.comments as c
  where c.id = p_comment_id and app.user_id() in (select app.readers_of(c.document_id))
  for no key update;
  if not found then
    perform app.require_user();
    perform app.fail(404, 'comment.not_found', 'There is no such comment.');
  end if;
  perform app.require_permission(v_comment.workspace_id, 'comments.write');
  return v_comment;
end;
$$;

comment on function app.lock_comment(uuid) is 'The comment, locked, if the caller may comment there; else 401, 404 or 403. Internal.';

create function app.edit_comment(p_comment_id uuid, p_body text, p_mentions uuid[]) returns public.comments
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_comment public.comments := app.lock_comment(p_comment_id);
begin
  if v_comment.created_by <> app.user_id() then
    perform app.fail(403, 'comment.forbidden', 'Only the one who said it may change it.');
  elsif v_comment.deleted_at is not null then
    perform app.fail(404, 'comment.not_found', 'There is no such comment.');
  end if;
  perform app.check_comment(p_body, p_mentions);
  update public.comments as c set body = p_body, edited_at = now()
  where c.id = p_comment_id
  returning * into v_comment;
  if p_mentions is not null then
    perform app.mention(v_comment, p_mentions);
  end if;
  return v_comment;
end;
$$;

comment on function app.edit_comment(uuid, text, uuid[]) is 'Behind public.edit_comment.';

create function public.edit_comment(p_comment_id uuid, p_body text, p_mentions uuid[] default null) returns public.comments
language sql volatile security invoker set search_path = ''
begin atomic
  select * from app.edit_comment(p_comment_id, p_body, p_mentions);
end;

comment on function public.edit_comment(uuid, text, uuid[]) is
  'Changes a comment of yours, and with p_mentions whom it names: null leaves them, an empty array names nobody. Who is newly named is told. Errors: comment.not_found, comment.forbidden, comment.bad_body, comment.too_many_mentions, comment.mention_cannot_read, workspace.forbidden.';

create function app.delete_comment(p_comment_id uuid) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_comment public.comments := app.lock_comment(p_comment_id);
begin
  if v_comment.created_by <> app.user_id() and not app.has_permission(v_comment.workspace_id, 'comments.moderate') then
    perform app.fail(403, 'comment.forbidden', 'Only the one who said it, or an owner or admin, may delete it.');
  end if;
  delete from public.comment_mentions as m where m.comment_id = p_comment_id;
  update public.comments as c
  set body = '', range_start = null, range_end = null, quote = null, deleted_at = coalesce(c.deleted_at, now())
  where c.id = p_comment_id;
end;
$$;

comment on function app.delete_comment(uuid) is 'Behind public.delete_comment.';

create function public.delete_comment(p_comment_id uuid) returns void
language sql volatile security invoker set search_path = ''
begin atomic
  select app.delete_comment(p_comment_id);
end;

comment on function public.delete_comment(uuid) is
  'Deletes the text of a comment of yours, or as owner or admin of anybody''s; its place and the answers stay. Errors: comment.not_found, comment.forbidden, workspace.forbidden.';

------------------------------------------------------------------------------------------------
-- Settle
------------------------------------------------------------------------------------------------
create function app.resolve_comment(p_comment_id uuid, p_is_resolved boolean) returns public.comments
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_comment public.comments := app.lock_comment(p_comment_id);
begin
  if v_comment.thread_id is not null then
    perform app.fail(409, 'comment.no_thread', 'Only the comment that opened a thread can be settled.');
  elsif (v_comment.resolved_at is not null) = p_is_resolved then
    return v_comment;
  end if;
  update public.comments as c
  set resolved_at = case when p_is_resolved then now() end, resolved_by = case when p_is_resolved then app.user_id() end
  where c.id = p_comment_id
  returning * into v_comment;
  perform app.note_activity(v_comment.workspace_id, app.user_id(),
    case when p_is_resolved then 'resolved' else 'reopened' end, 'comment', v_comment.id,
    (select jsonb_build_object('document_id', d.id, 'title', left(d.title, 200)) from public.documents as d where d.id = v_comment.document_id));
  return v_comment;
end;
$$;

comment on function app.resolve_comment(uuid, boolean) is 'Behind public.resolve_comment.';

create function public.resolve_comment(p_comment_id uuid, p_is_resolved boolean default true) returns public.comments
language sql volatile security invoker set search_path = ''
begin atomic
  select * from app.resolve_comment(p_comment_id, p_is_resolved);
end;

comment on function public.resolve_comment(uuid, boolean) is
  'Settles a thread, or opens it again; repeating it changes nothing. Errors: comment.not_found, comment.no_thread, workspace.forbidden.';

revoke execute on function app.check_comment(text, uuid[]) from public, anon, authenticated, service_role;
revoke execute on function app.require_commenter(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.quote_of(public.documents, int, int, int) from public, anon, authenticated, service_role;
revoke execute on function app.mention(public.comments, uuid[]) from public, anon, authenticated, service_role;
revoke execute on function app.lock_comment(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.create_comment(uuid, text, uuid, int, int, int, uuid[], text) from public, anon, authenticated, service_role;
revoke execute on function public.create_comment(uuid, text, uuid, int, int, int, uuid[], text) from public, anon, authenticated, service_role;
revoke execute on function app.edit_comment(uuid, text, uuid[]) from public, anon, authenticated, service_role;
revoke execute on function public.edit_comment(uuid, text, uuid[]) from public, anon, authenticated, service_role;
revoke execute on function app.delete_comment(uuid) from public, anon, authenticated, service_role;
revoke execute on function public.delete_comment(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.resolve_comment(uuid, boolean) from public, anon, authenticated, service_role;
revoke execute on function public.resolve_comment(uuid, boolean) from public, anon, authenticated, service_role;
grant execute on function app.create_comment(uuid, text, uuid, int, int, int, uuid[], text) to authenticated;
grant execute on function public.create_comment(uuid, text, uuid, int, int, int, uuid[], text) to authenticated;
grant execute on function app.edit_comment(uuid, text, uuid[]) to authenticated;
grant execute on function public.edit_comment(uuid, text, uuid[]) to authenticated;
grant execute on function app.delete_comment(uuid) to authenticated;
grant execute on function public.delete_comment(uuid) to authenticated;
grant execute on function app.resolve_comment(uuid, boolean) to authenticated;
grant execute on function public.resolve_comment(uuid, boolean) to authenticated;
