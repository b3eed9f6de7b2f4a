-- Purpose:  search, questions and memory know who asks: what is hidden from a person is not found for them.
-- Risk:     the functions of search are replaced; searches without a person find what belongs to no lesson.
-- Way back: create the functions of knowledge_search and knowledge_recall again; drop search_chunks_as, may_recall and pose_question.
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- Search for a person
------------------------------------------------------------------------------------------------
create function app.search_chunks_as(
  p_user_id uuid, p_workspace_id uuid, p_query text, p_embedding extensions.halfvec, p_embedding_model text,
  p_document_ids uuid[], p_limit int
) returns table (
  chunk_id bigint, document_id uuid, title text, heading text, content text,
  page_from int, page_to int, score float8, vector_rank int, text_rank int
)
language sql stable security definer set search_path = ''
begin atomic
  with wanted as materialized (
    select app.to_query(
      array(select distinct d.language from public.documents as d
            where d.workspace_id = p_workspace_id and d.language is not null), p_query) as words
  ),
  by_vector as (
    select v.id, pg_catalog.row_number() over (order by v.distance, v.id)::int as rank
    from (
      select c.id, c.embedding operator(extensions.<=>) p_embedding as distance
      from public.chunks as c
      where c.workspace_id = p_workspace_id and c.embedding_model = p_embedding_model
        and (p_document_ids is null or c.document_id = any (p_document_ids))
        and c.document_id not in (select h from app.hidden_documents(p_workspace_id, p_user_id) as h)
        and p_embedding is not null
      order by c.embedding operator(extensions.<=>) p_embedding, c.id
      limit greatest(50, p_limit)
    ) as v
  ),
  by_text as (
    select t.id, pg_catalog.row_number() over (order by t.relevance desc, t.id)::int as rank
    from (
      select c.id, pg_catalog.ts_rank(c.search, wanted.words, 1) as relevance
      from public.chunks as c, wanted
      where c.workspace_id = p_workspace_id and c.search @@ wanted.words
        and (p_document_ids is null or c.document_id = any (p_document_ids))
        and c.document_id not in (select h from app.hidden_documents(p_workspace_id, p_user_id) as h)
      order by relevance desc, c.id
      limit greatest(50, p_limit)
    ) as t
  ),
  fused as (
    select coalesce(v.id, t.id) as id, v.rank as vector_rank, t.rank as text_rank,
      coalesce(1.0 / (60 + v.rank), 0)::float8 + coalesce(1.0 / (60 + t.rank), 0)::float8 as score
    from by_vector as v full join by_text as t on t.id = v.id
    order by score desc, id
    limit p_limit
  )
  select c.id, c.document_id, d.title, c.heading, c.content, c.page_from, c.page_to,
    fused.score, fused.vector_rank, fused.text_rank
  from fused
  join public.chunks as c on c.id = fused.id
  join public.documents as d on d.id = c.document_id
  order by fused.score desc, fused.id;
end;

comment on function app.search_chunks_as(uuid, uuid, text, extensions.halfvec, text, uuid[], int) is
  'Nearest by meaning and by words in one workspace, fused by reciprocal rank (Cormack, Clarke, Büttcher 2009, k = 60), of what this person may find there now. Asks nobody''s membership: for the worker, and behind app.search_chunks. The vector part is exact.';

create or replace function app.search_chunks_of(
  p_workspace_id uuid, p_query text, p_embedding extensions.halfvec, p_embedding_model text,
  p_document_ids uuid[], p_limit int
) returns table (
  chunk_id bigint, document_id uuid, title text, heading text, content text,
  page_from int, page_to int, score float8, vector_rank int, text_rank int
)
language sql stable security definer set search_path = ''
begin atomic
  select * from app.search_chunks_as(null, p_workspace_id, p_query, p_embedding, p_embedding_model, p_document_ids, p_limit);
end;

comment on function app.search_chunks_of(uuid, text, extensions.halfvec, text, uuid[], int) is
  'The same for nobody in particular: what belongs to no lesson and is for contacts. For the worker.';

create or replace function app.search_chunks(
  p_workspace_id uuid, p_query text, p_embedding text, p_embedding_model text, p_document_ids uuid[], p_limit int
) returns table (
  chunk_id bigint, document_id uuid, title text, heading text, content text,
  page_from int, page_to int, score float8, vector_rank int, text_rank int
)
language plpgsql stable security definer set search_path = '' as $$
begin
  perform app.require_permission(p_workspace_id, 'documents.read');
  if p_query is null or p_query !~ '\S' or length(p_query) > 2000 then
    perform app.fail(400, 'search.bad_query', 'A query has 1 to 2,000 characters.');
  end if;
  return query select * from app.search_chunks_as(
    app.user_id(), p_workspace_id, p_query, p_embedding::extensions.halfvec(1536), p_embedding_model,
    p_document_ids, greatest(1, least(50, p_limit)));
end;
$$;

------------------------------------------------------------------------------------------------
-- What was once answered from a lesson is no source for whoever has left it
------------------------------------------------------------------------------------------------
create function app.may_recall(p_message_id uuid, p_user_id uuid) returns boolean
language sql stable security definer set search_path = ''
begin atomic
  with recursive rests as (
    select m.workspace_id, m.citations from public.messages as m where m.id = p_message_id
    union
    select m.workspace_id, m.citations
    from rests
    cross join lateral jsonb_array_elements(rests.citations) as c
    join public.messages as m on m.id = (c ->> 'message_id')::uuid
  )
  select not exists (
    select from rests
    cross join lateral jsonb_array_elements(rests.citations) as c
    join public.documents as d on d.id = (c ->> 'document_id')::uuid and (d.lesson_id is not null or p_user_id is null)
    where d.id in (select app.hidden_documents(rests.workspace_id, p_user_id)));
end;

comment on function app.may_recall(uuid, uuid) is
  'False when a message rests, itself or by an earlier answer it rests on, on a document that is hidden from this person now. For the worker and app.recall.';

create or replace function app.recall(p_answer_id uuid, p_words text, p_limit int)
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
    and app.may_recall(r.id, asked.created_by)
  group by r.id, r.conversation_id, q.content, r.content, q.created_at
  order by pg_catalog.count(*) desc, q.created_at desc, r.id
  limit p_limit;
end;

comment on function app.recall(uuid, text, int) is
  'Earlier questions with answers of the very person who now asks, in the same workspace, that share a word with the question: none unless the workspace has turned its memory on, none when the question is limited to documents, none that rests on a lesson the person does not read any more. For the worker.';

------------------------------------------------------------------------------------------------
-- A question, by whatever right it is asked
------------------------------------------------------------------------------------------------
create function app.pose_question(
  p_workspace_id uuid, p_question text, p_conversation_id uuid, p_document_ids uuid[], p_idempotency_key text
) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_user_id uuid := app.user_id();
  v_question public.messages;
  v_answer public.messages;
  v_conversation_id uuid := p_conversation_id;
begin
  if p_question is null or p_question !~ '\S' or length(p_question) > 4000 then
    perform app.fail(400, 'ask.bad_question', 'A question has 1 to 4,000 characters.');
  end if;
  if p_idempotency_key is not null then
    if length(p_idempotency_key) not between 1 and 200 then
      perform app.fail(400, 'ask.bad_idempotency_key', 'An idempotency key has 1 to 200 characters.');
    end if;
    perform app.lock_ordering_key(format('ask:%s:%s', v_user_id, p_idempotency_key));
    select * into v_question from public.messages as m
    where m.workspace_id = p_workspace_id and m.created_by = v_user_id and m.idempotency_key = p_idempotency_key;
    if found then
      if v_question.content <> p_question then
        perform app.fail(409, 'ask.idempotency_conflict', 'This idempotency key was used for another question.');
      end if;
      select * into v_answer from public.messages as m where m.reply_to = v_question.id;
      return app.asked(v_question, v_answer);
    end if;
  end if;
  if v_conversation_id is null then
    insert into public.conversations (workspace_id, title, created_by)
    values (p_workspace_id, left(btrim(p_question), 200), v_user_id)
    returning id into v_conversation_id;
  else
    update public.conversations as c
    set updated_at = now(), title = coalesce(nullif(c.title, ''), left(btrim(p_question), 200))
    where c.id = v_conversation_id and c.workspace_id = p_workspace_id and c.created_by = v_user_id;
    if not found then
      perform app.fail(404, 'conversation.not_found', 'There is no such conversation of yours.');
    end if;
  end if;
  insert into public.messages (workspace_id, conversation_id, role, content, document_ids, idempotency_key, created_by)
  values (p_workspace_id, v_conversation_id, 'user', p_question, p_document_ids, p_idempotency_key, v_user_id)
  returning * into v_question;
  insert into public.messages (workspace_id, conversation_id, role, status, reply_to, document_ids, created_by)
  values (p_workspace_id, v_conversation_id, 'assistant', 'pending', v_question.id, p_document_ids, v_user_id)
  returning * into v_answer;
  update public.messages as m
  set job_id = app.enqueue(
    'knowledge.answer_question', p_workspace_id, v_answer.id,
    p_ordering_key => format('conversation:%s', v_conversation_id))
  where m.id = v_answer.id
  returning * into v_answer;
  perform app.consume(p_workspace_id, 'requests', 1, v_answer.job_id);
  return app.asked(v_question, v_answer);
end;
$$;

comment on function app.pose_question(uuid, text, uuid, uuid[], text) is
  'Question, answer to be, job and quota. Asks no right: behind app.ask and app.ask_lesson.';

create or replace function app.ask(
  p_workspace_id uuid, p_question text, p_conversation_id uuid, p_document_ids uuid[], p_idempotency_key text
) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform app.require_permission(p_workspace_id, 'conversations.write');
  return app.pose_question(p_workspace_id, p_question, p_conversation_id, p_document_ids, p_idempotency_key);
end;
$$;

revoke execute on function app.search_chunks_as(uuid, uuid, text, extensions.halfvec, text, uuid[], int)
  from public, anon, authenticated, service_role;
revoke execute on function app.may_recall(uuid, uuid) from public, anon, authenticated, service_role;
revoke execute on function app.pose_question(uuid, text, uuid, uuid[], text) from public, anon, authenticated, service_role;
grant execute on function app.search_chunks_as(uuid, uuid, text, extensions.halfvec, text, uuid[], int) to lamina_worker;
grant execute on function app.may_recall(uuid, uuid) to lamina_worker;
