-- Purpose:  pages of conversations, messages and questions, an end of contacts' ones, search in history, own history as memory.
-- Risk:     none, new functions only.
-- Way back: drop the functions of this file.
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- Pages: each takes what the last row of the page before had
------------------------------------------------------------------------------------------------
create function public.list_conversations(
  p_workspace_id uuid, p_limit int default 20, p_before timestamptz default null, p_after_id uuid default null, p_kind text default null
) returns table (
  id uuid, title text, created_by uuid, created_at timestamptz, updated_at timestamptz, last_message text,
  kind text, contact_id uuid, contact_name text, channel_id uuid)
language plpgsql stable security invoker set search_path = '' rows 20 as $$
declare
  v_limit int := greatest(1, least(100, p_limit));
  v_before timestamptz := coalesce(p_before, 'infinity');
  v_after_id uuid := coalesce(p_after_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
begin
  if p_kind not in ('own', 'contacts') then
    perform app.fail(400, 'conversation.bad_kind', 'There is no such kind of conversation.', 'Use own or contacts, or leave it out.');
  end if;
  return query
    select c.id, c.title, c.created_by, c.created_at, c.updated_at,
      (select left(m.content, 200) from public.messages as m
       where m.conversation_id = c.id and m.content <> '' order by m.seq desc limit 1),
      case when c.contact_id is not null then 'contacts' when c.created_by = app.user_id() then 'own' else 'members' end,
      c.contact_id, k.name, c.channel_id
    from (
      (select a.* from public.conversations as a
       where p_kind is null and a.workspace_id = p_workspace_id
         and a.updated_at <= v_before and (a.updated_at < v_before or a.id > v_after_id)
       order by a.updated_at desc, a.id limit v_limit)
      union all
      (select o.* from public.conversations as o
       where p_kind = 'own' and o.created_by = (select app.user_id()) and o.workspace_id = p_workspace_id
         and o.updated_at <= v_before and (o.updated_at < v_before or o.id > v_after_id)
       order by o.updated_at desc, o.id limit v_limit)
      union all
      (select i.* from public.conversations as i
       where p_kind = 'contacts' and i.contact_id is not null and i.workspace_id = p_workspace_id
         and i.updated_at <= v_before and (i.updated_at < v_before or i.id > v_after_id)
       order by i.updated_at desc, i.id limit v_limit)
    ) as c
    left join public.contacts as k on k.id = c.contact_id
    order by c.updated_at desc, c.id;
end;
$$;

comment on function public.list_conversations(uuid, int, timestamptz, uuid, text) is
  'Conversations the caller may read, latest first: all, only their own (p_kind own), or the inbox (contacts: of people outside, for conversations.read_all). In rows, kind is own, members (a colleague''s) or contacts. The next page: p_before and p_after_id are updated_at and id of the last row. Error: conversation.bad_kind.';

create function public.list_messages(p_conversation_id uuid, p_limit int default 50, p_before_seq bigint default null)
returns table (
  id uuid, seq bigint, role text, content text, status text, reply_to uuid, citations jsonb, answered boolean,
  model text, job_id bigint, error_code text, error_message text, created_at timestamptz, finished_at timestamptz,
  is_human boolean, delivery jsonb)
language sql stable security invoker set search_path = ''
begin atomic
  select m.id, m.seq, m.role, m.content, m.status, m.reply_to, m.citations, m.answered,
    m.model, m.job_id, m.error_code, m.error_message, m.created_at, m.finished_at,
    m.role = 'user' or m.contact_id is not null and m.reply_to is null,
    case when m.role = 'assistant' and m.contact_id is not null then app.delivery_of(m.id) end
  from public.messages as m
  where m.conversation_id = p_conversation_id and (p_before_seq is null or m.seq < p_before_seq)
  order by m.seq desc
  limit greatest(1, least(200, p_limit));
end;

comment on function public.list_messages(uuid, int, bigint) is
  'Messages of a conversation the caller may read, newest first. is_human: a person wrote it, in role assistant a member on the channel. delivery: {id, status, error_code} of what went to a contact; resend_message takes its id. The next page: p_before_seq is seq of the last row.';

create function public.list_questions(p_workspace_id uuid, p_limit int default 20, p_before_seq bigint default null)
returns table (
  seq bigint, question_id uuid, conversation_id uuid, question text, answer_id uuid, answer text, status text,
  answered boolean, citations jsonb, created_at timestamptz)
language sql stable security invoker set search_path = ''
begin atomic
  select q.seq, q.id, q.conversation_id, q.content, a.id, a.content, a.status, a.answered, a.citations, q.created_at
  from (
    select m.* from public.messages as m
    where m.workspace_id = p_workspace_id and m.created_by = (select app.user_id()) and m.role = 'user'
      and (p_before_seq is null or m.seq < p_before_seq)
    order by m.seq desc
    limit greatest(1, least(100, p_limit))
  ) as q
  left join public.messages as a on a.reply_to = q.id
  order by q.seq desc;
end;

comment on function public.list_questions(uuid, int, bigint) is
  'The caller''s own questions of all conversations with their answers, newest first. The next page: p_before_seq is seq of the last row.';

------------------------------------------------------------------------------------------------
-- End of a contact's conversation; one's own is deleted as a row
------------------------------------------------------------------------------------------------
create function app.delete_conversation(p_conversation_id uuid) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_conversation public.conversations;
begin
  perform app.require_user();
  select * into v_conversation from public.conversations as c
  where c.id = p_conversation_id and c.contact_id is not null
    and c.workspace_id = any (array(select app.workspaces_with('conversations.read_all')))
  for update;
  if not found then
    perform app.fail(404, 'conversation.not_found', 'There is no such conversation with a contact.');
  end if;
  perform app.require_permission(v_conversation.workspace_id, 'contacts.write');
  perform app.stop_job(m.job_id) from public.messages as m
  where m.conversation_id = p_conversation_id and m.status in ('pending', 'streaming');
  perform app.audit(v_conversation.workspace_id, 'conversation.deleted', p_conversation_id::text,
    jsonb_build_object('contact_id', v_conversation.contact_id, 'channel_id', v_conversation.channel_id));
  delete from public.conversations as c where c.id = p_conversation_id;
end;
$$;

comment on function app.delete_conversation(uuid) is 'Behind public.delete_conversation. Jobs that are left find nothing to answer or send.';

create function public.delete_conversation(p_conversation_id uuid) returns void
language sql volatile security invoker set search_path = ''
begin atomic
  select app.delete_conversation(p_conversation_id);
end;

comment on function public.delete_conversation(uuid) is
  'Deletes a contact''s conversation with its messages and what of them was not sent; the contact stays, and begins another by writing again. Errors: conversation.not_found, workspace.forbidden.';

------------------------------------------------------------------------------------------------
-- Search in one's own history, and in what contacts wrote and were answered
------------------------------------------------------------------------------------------------
create function app.excerpt(p_text text, p_words tsquery) returns text
language sql stable parallel safe set search_path = ''
return pg_catalog.ts_headline('pg_catalog.simple'::regconfig, p_text, p_words,
  'StartSel=«, StopSel=», MaxWords=30, MinWords=12');

comment on function app.excerpt(text, tsquery) is 'The part of a text where the words stand, with «» around them; plain text, not HTML. Internal.';

create function app.search_history(p_workspace_id uuid, p_query text, p_limit int, p_before timestamptz, p_after_id uuid)
returns table (kind text, id uuid, conversation_id uuid, title text, excerpt text, created_at timestamptz)
language plpgsql stable security definer set search_path = '' as $$
declare
  v_words tsquery := websearch_to_tsquery('pg_catalog.simple'::regconfig, p_query);
  v_user_id uuid := app.user_id();
  v_sees_contacts boolean := app.has_permission(p_workspace_id, 'conversations.read_all');
begin
  perform app.require_permission(p_workspace_id, 'conversations.read');
  if p_query is null or p_query !~ '\S' or length(p_query) > 2000 then
    perform app.fail(400, 'search.bad_query', 'A query has 1 to 2,000 characters.');
  end if;
  return query
    select f.kind, f.id, f.conversation_id, f.title, app.excerpt(f.content, v_words), f.created_at
    from (
      select m.role as kind, m.id, m.conversation_id, c.title, m.content, m.created_at
      from public.messages as m join public.conversations as c on c.id = m.conversation_id
      where m.workspace_id = p_workspace_id and m.created_by = v_user_id
        and to_tsvector('pg_catalog.simple'::regconfig, m.content) @@ v_words
      union all
      select case m.role when 'user' then 'contact' else 'reply' end, m.id, m.conversation_id, coalesce(k.name, c.title), m.content, m.created_at
      from public.messages as m
      join public.conversations as c on c.id = m.conversation_id
      join public.contacts as k on k.id = m.contact_id
      where v_sees_contacts and m.workspace_id = p_workspace_id and m.contact_id is not null
        and to_tsvector('pg_catalog.simple'::regconfig, m.content) @@ v_words
      union all
      select 'note', n.id, null, n.title, n.title || ' ' || n.content, n.created_at
      from public.notes as n
      where n.workspace_id = p_workspace_id and n.created_by = v_user_id
        and to_tsvector('pg_catalog.simple'::regconfig, n.title || ' ' || n.content) @@ v_words
    ) as f
    where p_before is null or f.created_at < p_before
      or f.created_at = p_before and f.id > coalesce(p_after_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
    order by f.created_at desc, f.id
    limit greatest(1, least(100, p_limit));
end;
$$;

comment on function app.search_history(uuid, text, int, timestamptz, uuid) is
  'Behind public.search_history. SECURITY DEFINER, since under policies a text search cannot use its index; it reads rows of the caller, and with conversations.read_all those of contacts.';

create function public.search_history(
  p_workspace_id uuid, p_query text, p_limit int default 20, p_before timestamptz default null, p_after_id uuid default null
) returns table (kind text, id uuid, conversation_id uuid, title text, excerpt text, created_at timestamptz)
language sql stable security invoker set search_path = ''
begin atomic
  select * from app.search_history(p_workspace_id, p_query, p_limit, p_before, p_after_id);
end;

comment on function public.search_history(uuid, text, int, timestamptz, uuid) is
  'The caller''s own questions (kind user), their answers (assistant) and notes (note), and with conversations.read_all what contacts wrote (contact) and were answered (reply), with all the words, newest first; "…" is a phrase, - excludes, or widens. The next page: p_before and p_after_id are created_at and id of the last row. Errors: search.bad_query, workspace.forbidden.';

------------------------------------------------------------------------------------------------
-- Memory
------------------------------------------------------------------------------------------------
create function app.recall(p_answer_id uuid, p_words text, p_limit int)
returns table (message_id uuid, conversation_id uuid, question text, answer text, asked_at timestamptz)
language sql stable security definer set search_path = ''
begin atomic
  with asked as materialized (
    select a.workspace_id, a.conversation_id, a.created_by, app.to_query(array['simple'], p_words) as words
    from public.messages as a
    join public.workspace_settings as s on s.workspace_id = a.workspace_id and s.history_memory
    where a.id = p_answer_id and a.document_ids is null and a.created_by is not null
  )
  select r.id, r.conversation_id, q.content, r.content, q.created_at
  from asked
  cross join lateral (
    select m.* from public.messages as m
    where m.created_by = asked.created_by and m.workspace_id = asked.workspace_id
      and pg_catalog.to_tsvector('pg_catalog.simple'::regconfig, m.content) @@ asked.words
    order by pg_catalog.ts_rank(pg_catalog.to_tsvector('pg_catalog.simple'::regconfig, m.content), asked.words) desc, m.seq desc
    limit 50
  ) as found
  join public.messages as q on q.id = case found.role when 'user' then found.id else found.reply_to end
  join public.messages as r on r.reply_to = q.id
  where r.conversation_id <> asked.conversation_id and r.status = 'complete' and r.answered
    and q.created_by = asked.created_by and r.created_by = asked.created_by
  group by r.id, r.conversation_id, q.content, r.content, q.created_at
  order by pg_catalog.count(*) desc, q.created_at desc, r.id
  limit p_limit;
end;

comment on function app.recall(uuid, text, int) is
  'Earlier questions with answers of the very person who now asks, in the same workspace, that share a word with the question: none unless the workspace has turned its memory on, none when the question is limited to documents. For the worker.';

revoke execute on function public.list_conversations(uuid, int, timestamptz, uuid, text) from public, anon, authenticated, service_role;
revoke execute on function public.list_messages(uuid, int, bigint) from public, anon, authenticated, service_role;
revoke execute on function public.list_questions(uuid, int, bigint) from public, anon, authenticated, service_role;
revoke execute on function app.delete_conversation(uuid) from public, anon, authenticated, service_role;
revoke execute on function public.delete_conversation(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.excerpt(text, tsquery) from public, anon, authenticated, service_role;
revoke execute on function app.search_history(uuid, text, int, timestamptz, uuid) from public, anon, authenticated, service_role;
revoke execute on function public.search_history(uuid, text, int, timestamptz, uuid) from public, anon, authenticated, service_role;
revoke execute on function app.recall(uuid, text, int) from public, anon, authenticated, service_role;
grant execute on function public.list_conversations(uuid, int, timestamptz, uuid, text) to authenticated;
grant execute on function public.list_messages(uuid, int, bigint) to authenticated;
grant execute on function public.list_questions(uuid, int, bigint) to authenticated;
grant execute on function app.delete_conversation(uuid) to authenticated;
grant execute on function public.delete_conversation(uuid) to authenticated;
grant execute on function app.search_history(uuid, text, int, timestamptz, uuid) to authenticated;
grant execute on function public.search_history(uuid, text, int, timestamptz, uuid) to authenticated;
grant execute on function app.recall(uuid, text, int) to lamina_worker;
