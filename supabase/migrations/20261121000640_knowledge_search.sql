-- Purpose:  hybrid search, questions, and the mirror of jobs in documents, answers and searches; broadcasts.
-- Risk:     none, new functions and triggers on our own tables only.
-- Way back: drop the functions of this file (cascade drops the triggers).
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- Hybrid search
------------------------------------------------------------------------------------------------
create function app.search_chunks_of(
  p_workspace_id uuid, p_query text, p_embedding extensions.halfvec, p_embedding_model text,
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

comment on function app.search_chunks_of(uuid, text, extensions.halfvec, text, uuid[], int) is
  'Nearest by meaning and by words in one workspace, fused by reciprocal rank (Cormack, Clarke, Büttcher 2009, k = 60). Checks no rights: for the worker, and behind app.search_chunks. The vector part is exact.';

create function app.search_chunks(
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
  return query select * from app.search_chunks_of(
    p_workspace_id, p_query, p_embedding::extensions.halfvec(1536), p_embedding_model,
    p_document_ids, greatest(1, least(50, p_limit)));
end;
$$;

comment on function app.search_chunks(uuid, text, text, text, uuid[], int) is 'Behind public.search_chunks: checks the caller''s rights once, so that the indexes serve.';

create function public.search_chunks(
  p_workspace_id uuid, p_query text, p_embedding text default null, p_embedding_model text default null,
  p_document_ids uuid[] default null, p_limit int default 10
) returns table (
  chunk_id bigint, document_id uuid, title text, heading text, content text,
  page_from int, page_to int, score float8, vector_rank int, text_rank int
)
language sql stable security invoker set search_path = ''
begin atomic
  select * from app.search_chunks(p_workspace_id, p_query, p_embedding, p_embedding_model, p_document_ids, p_limit);
end;

comment on function public.search_chunks(uuid, text, text, text, uuid[], int) is
  'Searches a workspace by words, and by meaning too when the query''s vector ("[…]", 1536 numbers) and its model are given; start_search has the worker make the vector. Errors: search.bad_query, workspace.forbidden.';

create function app.start_search(p_workspace_id uuid, p_query text, p_document_ids uuid[], p_limit int)
returns public.searches
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_search public.searches;
begin
  perform app.require_permission(p_workspace_id, 'documents.read');
  if p_query is null or p_query !~ '\S' or length(p_query) > 2000 then
    perform app.fail(400, 'search.bad_query', 'A query has 1 to 2,000 characters.');
  end if;
  insert into public.searches (workspace_id, query, document_ids, match_count, created_by)
  values (p_workspace_id, p_query, p_document_ids, greatest(1, least(50, coalesce(p_limit, 10))), app.user_id())
  returning * into v_search;
  update public.searches as s
  set job_id = app.enqueue('knowledge.run_search', p_workspace_id, v_search.id)
  where s.id = v_search.id
  returning * into v_search;
  perform app.consume(p_workspace_id, 'requests', 1, v_search.job_id);
  return v_search;
end;
$$;

comment on function app.start_search(uuid, text, uuid[], int) is 'Behind public.start_search.';

create function public.start_search(
  p_workspace_id uuid, p_query text, p_document_ids uuid[] default null, p_limit int default 10
) returns public.searches
language sql volatile security invoker set search_path = ''
begin atomic
  select * from app.start_search(p_workspace_id, p_query, p_document_ids, p_limit);
end;

comment on function public.start_search(uuid, text, uuid[], int) is
  'Searches by meaning and by words in the worker; watch the row or the broadcast "search" on user:<id>. Errors: search.bad_query, quota.exceeded, workspace.forbidden.';

------------------------------------------------------------------------------------------------
-- Questions
------------------------------------------------------------------------------------------------
create function app.ask(
  p_workspace_id uuid, p_question text, p_conversation_id uuid, p_document_ids uuid[], p_idempotency_key text
) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_user_id uuid := app.user_id();
  v_question public.messages;
  v_answer public.messages;
  v_conversation_id uuid := p_conversation_id;
begin
  perform app.require_permission(p_workspace_id, 'conversations.write');
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

comment on function app.ask(uuid, text, uuid, uuid[], text) is 'Behind public.ask.';

create function app.asked(p_question public.messages, p_answer public.messages) returns jsonb
language sql immutable set search_path = ''
return jsonb_build_object(
  'conversation_id', p_answer.conversation_id, 'question_id', p_question.id, 'answer_id', p_answer.id,
  'job_id', p_answer.job_id, 'topic', 'conversation:' || p_answer.conversation_id);

comment on function app.asked(public.messages, public.messages) is 'What ask returns.';

create function public.ask(
  p_workspace_id uuid, p_question text, p_conversation_id uuid default null,
  p_document_ids uuid[] default null, p_idempotency_key text default null
) returns jsonb
language sql volatile security invoker set search_path = ''
begin atomic
  select app.ask(p_workspace_id, p_question, p_conversation_id, p_document_ids, p_idempotency_key);
end;

comment on function public.ask(uuid, text, uuid, uuid[], text) is
  'Asks the documents of a workspace. Returns {conversation_id, question_id, answer_id, job_id, topic}: the answer streams on the private topic (answer.delta, answer.done) and is the row answer_id in messages. Errors: ask.bad_question, ask.bad_idempotency_key, ask.idempotency_conflict, conversation.not_found, quota.exceeded, workspace.forbidden.';

revoke execute on function app.search_chunks_of(uuid, text, extensions.halfvec, text, uuid[], int) from public, anon, authenticated, service_role;
revoke execute on function app.search_chunks(uuid, text, text, text, uuid[], int) from public, anon, authenticated, service_role;
revoke execute on function public.search_chunks(uuid, text, text, text, uuid[], int) from public, anon, authenticated, service_role;
revoke execute on function app.start_search(uuid, text, uuid[], int) from public, anon, authenticated, service_role;
revoke execute on function public.start_search(uuid, text, uuid[], int) from public, anon, authenticated, service_role;
revoke execute on function app.ask(uuid, text, uuid, uuid[], text) from public, anon, authenticated, service_role;
revoke execute on function app.asked(public.messages, public.messages) from public, anon, authenticated, service_role;
revoke execute on function public.ask(uuid, text, uuid, uuid[], text) from public, anon, authenticated, service_role;
grant execute on function app.search_chunks_of(uuid, text, extensions.halfvec, text, uuid[], int) to lamina_worker;
grant execute on function app.search_chunks(uuid, text, text, text, uuid[], int) to authenticated;
grant execute on function public.search_chunks(uuid, text, text, text, uuid[], int) to authenticated;
grant execute on function app.start_search(uuid, text, uuid[], int) to authenticated;
grant execute on function public.start_search(uuid, text, uuid[], int) to authenticated;
grant execute on function app.ask(uuid, text, uuid, uuid[], text) to authenticated;
grant execute on function public.ask(uuid, text, uuid, uuid[], text) to authenticated;
