-- Purpose:  documents, their versions and their chunks with embeddings.
-- Risk:     none, new objects only.
-- Way back: drop the tables.
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- public.documents
------------------------------------------------------------------------------------------------
create table public.documents (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  kind text not null check (kind in ('pdf', 'text')),
  title text not null check (length(title) between 1 and 300),
  object_path text unique check (object_path is null or kind = 'pdf'),
  status text not null default 'pending' check (status in ('pending', 'processing', 'processed', 'failed')),
  stage text,
  error_code text,
  error_message text,
  version int not null default 1 check (version > 0),
  processed_version int,
  byte_size bigint,
  page_count int,
  chunk_count int not null default 0,
  language text,
  content_hash bytea,
  embedding_model text,
  created_by uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  processed_at timestamptz
);

comment on table public.documents is 'What a workspace knows: uploaded PDFs and authored texts, with the state of making them searchable.';
comment on column public.documents.kind is 'pdf: uploaded; text: written here.';
comment on column public.documents.title is 'Name for people; begins as the file''s name.';
comment on column public.documents.object_path is 'Name of the PDF in the bucket documents: <workspace_id>/…; null when the upload was refused.';
comment on column public.documents.status is 'pending → processing → processed | failed. While a new version is processed the old chunks stay searchable.';
comment on column public.documents.stage is 'What the worker is doing with it.';
comment on column public.documents.error_code is 'Why it failed, stable; see docs/error-codes.md.';
comment on column public.documents.error_message is 'The same for people.';
comment on column public.documents.version is 'Newest version of the content.';
comment on column public.documents.processed_version is 'Version that search serves; null before the first.';
comment on column public.documents.byte_size is 'Size of the newest version, in bytes.';
comment on column public.documents.page_count is 'Pages of the processed version.';
comment on column public.documents.chunk_count is 'Passages of the processed version.';
comment on column public.documents.language is 'Text search configuration of its chunks, found from the text.';
comment on column public.documents.content_hash is 'SHA-256 of the processed content: the same content is not processed again.';
comment on column public.documents.embedding_model is 'Model of its vectors; a query only meets chunks of its own model.';
comment on column public.documents.processed_at is 'When the processed version became searchable.';

create index documents_workspace_idx on public.documents (workspace_id, created_at desc, id);

alter table public.documents enable row level security;

create policy select_members on public.documents
  for select to authenticated
  using (workspace_id = any (array(select app.workspaces_with('documents.read'))));
create policy update_editors on public.documents
  for update to authenticated
  using (workspace_id = any (array(select app.workspaces_with('documents.write'))))
  with check (workspace_id = any (array(select app.workspaces_with('documents.write'))));

comment on policy select_members on public.documents is 'Members with documents.read see the documents of their workspaces.';
comment on policy update_editors on public.documents is 'Editors rename; only the title is granted. Creating and deleting go by upload and RPC.';

revoke all on table public.documents from public, anon, authenticated, service_role;
grant select, update (title) on table public.documents to authenticated;
grant select on table public.documents to service_role;
grant select, update on table public.documents to lamina_worker;

create trigger touch_updated_at before update on public.documents
  for each row execute function app.touch_updated_at();
comment on trigger touch_updated_at on public.documents is 'Stamps updated_at.';

------------------------------------------------------------------------------------------------
-- public.document_versions
------------------------------------------------------------------------------------------------
create table public.document_versions (
  document_id uuid not null references public.documents (id) on delete cascade,
  version int not null check (version > 0),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  content text not null check (length(content) between 1 and 2000000),
  created_by uuid,
  created_at timestamptz not null default now(),
  primary key (document_id, version)
);

comment on table public.document_versions is 'Contents of authored texts, append-only.';
comment on column public.document_versions.version is 'Counts from 1 within the document.';
comment on column public.document_versions.content is 'Markdown or plain text.';

create index document_versions_workspace_idx on public.document_versions (workspace_id);

alter table public.document_versions enable row level security;

create policy select_members on public.document_versions
  for select to authenticated
  using (workspace_id = any (array(select app.workspaces_with('documents.read'))));

comment on policy select_members on public.document_versions is 'Who reads a document reads its history; versions are written by RPC and never change.';

revoke all on table public.document_versions from public, anon, authenticated, service_role;
grant select on table public.document_versions to authenticated, service_role, lamina_worker;

------------------------------------------------------------------------------------------------
-- public.chunks
------------------------------------------------------------------------------------------------
create function app.to_search(p_language text, p_text text) returns tsvector
language sql immutable parallel safe set search_path = ''
return case p_language
  when 'english' then to_tsvector('pg_catalog.english'::regconfig, p_text)
  when 'french' then to_tsvector('pg_catalog.french'::regconfig, p_text)
  when 'german' then to_tsvector('pg_catalog.german'::regconfig, p_text)
  when 'spanish' then to_tsvector('pg_catalog.spanish'::regconfig, p_text)
  when 'italian' then to_tsvector('pg_catalog.italian'::regconfig, p_text)
  when 'portuguese' then to_tsvector('pg_catalog.portuguese'::regconfig, p_text)
  when 'dutch' then to_tsvector('pg_catalog.dutch'::regconfig, p_text)
  else to_tsvector('pg_catalog.simple'::regconfig, p_text)
end;

comment on function app.to_search(text, text) is
  'The searchable words of a text. Languages are text and not regconfig, because a stored regconfig stops pg_upgrade.';

create function app.to_query(p_languages text[], p_text text) returns tsquery
language sql immutable parallel safe set search_path = ''
return (
  -- Any of the words may match, ranked by how many do: a question is not a phrase.
  select coalesce(string_agg(nullif(replace(w.words::text, ' & ', ' | '), ''), ' | '), '')::tsquery
  from (
    select distinct case l.language
      when 'english' then plainto_tsquery('pg_catalog.english'::regconfig, p_text)
      when 'french' then plainto_tsquery('pg_catalog.french'::regconfig, p_text)
      when 'german' then plainto_tsquery('pg_catalog.german'::regconfig, p_text)
      when 'spanish' then plainto_tsquery('pg_catalog.spanish'::regconfig, p_text)
      when 'italian' then plainto_tsquery('pg_catalog.italian'::regconfig, p_text)
      when 'portuguese' then plainto_tsquery('pg_catalog.portuguese'::regconfig, p_text)
      when 'dutch' then plainto_tsquery('pg_catalog.dutch'::regconfig, p_text)
      else plainto_tsquery('pg_catalog.simple'::regconfig, p_text)
    end as words
    from unnest(p_languages) as l (language)
  ) as w
);

comment on function app.to_query(text[], text) is 'A question as a full-text query that any of its words satisfies, in each of the languages.';

revoke execute on function app.to_search(text, text) from public, anon, authenticated, service_role;
revoke execute on function app.to_query(text[], text) from public, anon, authenticated, service_role;
grant execute on function app.to_search(text, text) to lamina_worker;

create table public.chunks (
  id bigint generated always as identity primary key,
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  document_id uuid not null references public.documents (id) on delete cascade,
  ordinal int not null check (ordinal >= 0),
  heading text,
  content text not null,
  page_from int not null check (page_from > 0),
  page_to int not null,
  char_from int not null check (char_from >= 0),
  char_to int not null,
  content_hash bytea not null,
  language text not null default 'simple',
  embedding_model text not null,
  embedding extensions.halfvec(1536) not null,
  search tsvector not null generated always as (app.to_search(language, coalesce(heading || ' ', '') || content)) stored,
  check (page_to >= page_from),
  check (char_to > char_from)
);

comment on table public.chunks is 'Passages of documents, as retrieved and cited.';
comment on column public.chunks.ordinal is 'Place in the document, from 0.';
comment on column public.chunks.heading is 'The heading it stands under.';
comment on column public.chunks.content is 'The passage itself.';
comment on column public.chunks.page_from is 'First page it is on, from 1.';
comment on column public.chunks.page_to is 'Last page it is on.';
comment on column public.chunks.char_from is 'Offset into the document''s cleaned text, in characters; char_to is exclusive.';
comment on column public.chunks.char_to is 'End of it there, exclusive.';
comment on column public.chunks.content_hash is 'SHA-256 of heading and content: an unchanged chunk keeps its row and vector.';
comment on column public.chunks.language is 'Text search configuration of its words.';
comment on column public.chunks.embedding_model is 'Model that made its vector.';
comment on column public.chunks.embedding is 'Unit vector; half precision and stored in line, which makes exact scans four times faster.';
comment on column public.chunks.search is 'Words for full-text search.';

alter table public.chunks alter column embedding set storage plain;

create index chunks_document_idx on public.chunks (document_id, ordinal);
create index chunks_workspace_idx on public.chunks (workspace_id, document_id);
create index chunks_search_idx on public.chunks using gin (search) with (fastupdate = off);

alter table public.chunks enable row level security;

create policy select_members on public.chunks
  for select to authenticated
  using (workspace_id = any (array(select app.workspaces_with('documents.read'))));

comment on policy select_members on public.chunks is 'A citation can be opened by who may read the document.';

revoke all on table public.chunks from public, anon, authenticated, service_role;
revoke all on sequence public.chunks_id_seq from public, anon, authenticated, service_role;
grant select on table public.chunks to authenticated, service_role;
grant select, insert, update, delete on table public.chunks to lamina_worker;
