-- name: get_document
-- The document of an ingest job; no row when it was deleted meanwhile.
select d.id, d.workspace_id, d.kind, d.title, d.object_path, d.version, d.processed_version,
  d.content_hash, d.embedding_model, d.chunk_count
from public.documents as d
where d.id = %(document_id)s;

-- name: get_version
-- The text of one version of an authored document.
select v.content from public.document_versions as v
where v.document_id = %(document_id)s and v.version = %(version)s;

-- name: list_chunk_hashes
-- Rows that a new version may keep: same model only.
select c.id, c.content_hash from public.chunks as c
where c.document_id = %(document_id)s and c.embedding_model = %(embedding_model)s
order by c.ordinal;

-- name: lock_document
-- Locks the document while its chunks are swapped; no row when it is gone or a newer version came.
select d.id from public.documents as d
where d.id = %(document_id)s and d.version = %(version)s
for no key update;

-- name: delete_stale_chunks
-- Old chunks that the new version does not keep.
delete from public.chunks as c
where c.document_id = %(document_id)s and c.id <> all (%(kept_ids)s::bigint[]);

-- name: move_kept_chunks
-- Kept chunks take their place, and the language, of the new version.
update public.chunks as c
set ordinal = k.ordinal, page_from = k.page_from, page_to = k.page_to, char_from = k.char_from, char_to = k.char_to,
  language = %(language)s
from unnest(%(ids)s::bigint[], %(ordinals)s::int[], %(pages_from)s::int[], %(pages_to)s::int[],
            %(chars_from)s::int[], %(chars_to)s::int[])
  as k (id, ordinal, page_from, page_to, char_from, char_to)
where c.id = k.id
  and (c.ordinal, c.page_from, c.page_to, c.char_from, c.char_to, c.language)
    is distinct from (k.ordinal, k.page_from, k.page_to, k.char_from, k.char_to, %(language)s);

-- name: copy_chunks
-- New chunks, by binary COPY.
copy public.chunks (workspace_id, document_id, ordinal, heading, content, page_from, page_to, char_from, char_to,
                    content_hash, language, embedding_model, embedding)
from stdin (format binary);

-- name: finish_document
-- The new version serves from here on.
update public.documents as d
set status = 'processed', stage = null, error_code = null, error_message = null,
  processed_version = %(version)s, processed_at = now(), page_count = %(page_count)s, chunk_count = %(chunk_count)s,
  language = %(language)s, content_hash = %(content_hash)s, embedding_model = %(embedding_model)s
where d.id = %(document_id)s;

-- name: confirm_document
-- The new version has the same content as the one that serves.
update public.documents as d
set status = 'processed', stage = null, error_code = null, error_message = null,
  processed_version = %(version)s, processed_at = now()
where d.id = %(document_id)s and d.version = %(version)s;

-- name: is_object_in_use
-- Whether a document stands on this object again since its removal was asked for.
select exists (select from public.documents as d where d.object_path = %(path)s) as in_use;

-- name: get_answer
-- The answer to write, with its question; no row when the conversation was erased meanwhile. For a contact also what
-- the channel says when the documents do not answer, and the voice of the default brand; language: the reader's own.
select a.id, a.workspace_id, a.conversation_id, a.document_ids, a.created_by, q.content as question, q.seq as question_seq,
  app.text_in(case ch.on_unanswered when 'ticket' then ch.passed_on_texts else ch.not_answered_texts end,
    c.language, ch.default_language) as not_answered,
  coalesce(p.locale, c.language, ch.default_language) as language,
  concat_ws(E'\n', 'Name: ' || b.name, 'Voice: ' || nullif(b.voice, ''), 'Audience: ' || nullif(b.audience, ''),
    'Rules: ' || nullif(b.rules, '')) as brand
from public.messages as a
join public.messages as q on q.id = a.reply_to
left join public.profiles as p on p.user_id = a.created_by
left join public.contacts as c on c.id = a.contact_id
left join public.conversations as v on v.id = a.conversation_id and a.contact_id is not null
left join public.channels as ch on ch.id = v.channel_id
left join public.brands as b on b.workspace_id = a.workspace_id and b.is_default and a.contact_id is not null
where a.id = %(message_id)s;

-- name: list_history
-- Earlier turns of the conversation, newest first, without what rests on lessons that the asker does not read any more.
select m.role, m.content from public.messages as m
where m.conversation_id = %(conversation_id)s and m.seq < %(before_seq)s and m.status = 'complete' and m.content <> ''
  and app.may_recall(m.id, %(asked_by)s)
order by m.seq desc
limit 12;

-- name: search_chunks
-- Hybrid search in one workspace, for the person who asks; null: for nobody in particular.
select s.chunk_id, s.document_id::text as document_id, s.title, s.heading, s.content, s.page_from, s.page_to, s.score
from app.search_chunks_as(%(asked_by)s, %(workspace_id)s, %(query)s, %(embedding)s::extensions.halfvec(1536),
                          %(embedding_model)s, %(document_ids)s::uuid[], %(limit)s) as s;

-- name: recall
-- Earlier questions of the asker with their answers, where the workspace wants them used.
select r.message_id::text as message_id, r.conversation_id::text as conversation_id, r.question, r.answer, r.asked_at
from app.recall(%(message_id)s, %(words)s, %(limit)s) as r;

-- name: broadcast_delta
-- A piece of the answer to those who listen.
select app.broadcast_answer_delta(%(conversation_id)s, %(message_id)s, %(seq)s, %(text)s);

-- name: finish_answer
-- The answer with its citations and figures; what went wrong in earlier attempts is over when it is complete.
update public.messages as m
set error_code = case when %(status)s <> 'complete' then m.error_code end,
  error_message = case when %(status)s <> 'complete' then m.error_message end,
  status = %(status)s, content = %(content)s, citations = %(citations)s, answered = %(answered)s,
  provider = %(provider)s, model = %(model)s, prompt_tokens = %(prompt_tokens)s,
  completion_tokens = %(completion_tokens)s, cost_microusd = %(cost_microusd)s, retrieval_ms = %(retrieval_ms)s,
  first_token_ms = %(first_token_ms)s, latency_ms = %(latency_ms)s, finished_at = now()
where m.id = %(message_id)s;

-- name: get_search
-- A search to run; no row when it was erased meanwhile.
select s.id, s.workspace_id, s.query, s.document_ids, s.match_count, s.created_by from public.searches as s
where s.id = %(search_id)s;

-- name: finish_search
-- What was found.
update public.searches as s
set status = 'complete', error_code = null, error_message = null, results = %(results)s, finished_at = now()
where s.id = %(search_id)s;
