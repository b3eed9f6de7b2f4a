-- Purpose:  conversations, messages and searches.
-- Risk:     none, new objects only.
-- Way back: drop the tables.
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- public.conversations
------------------------------------------------------------------------------------------------
create table public.conversations (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  title text not null default '' check (length(title) <= 200),
  created_by uuid not null default app.user_id(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

comment on table public.conversations is 'Questions and answers in a row; private to who began it, but for conversations.read_all.';
comment on column public.conversations.title is 'Name in lists; begins as the first question.';

create index conversations_workspace_idx on public.conversations (workspace_id, updated_at desc, id);
create index conversations_created_by_idx on public.conversations (created_by, updated_at desc, id);

alter table public.conversations enable row level security;

create policy select_participants on public.conversations
  for select to authenticated
  using (
    (created_by = (select app.user_id()) and workspace_id = any (array(select app.workspaces_with('conversations.read'))))
    or workspace_id = any (array(select app.workspaces_with('conversations.read_all'))));
create policy insert_own on public.conversations
  for insert to authenticated
  with check (
    created_by = (select app.user_id()) and workspace_id = any (array(select app.workspaces_with('conversations.write'))));
create policy update_own on public.conversations
  for update to authenticated
  using (created_by = (select app.user_id()) and workspace_id = any (array(select app.workspaces_with('conversations.write'))))
  with check (created_by = (select app.user_id()));
create policy delete_own on public.conversations
  for delete to authenticated
  using (created_by = (select app.user_id()) and workspace_id = any (array(select app.workspaces_with('conversations.write'))));

comment on policy select_participants on public.conversations is 'One''s own, or all with conversations.read_all.';
comment on policy insert_own on public.conversations is 'A client that wants to hear the answer stream opens the conversation, subscribes, and then asks.';
comment on policy update_own on public.conversations is 'Who began it renames it; only the title is granted.';
comment on policy delete_own on public.conversations is 'Who began it may erase it, with its messages.';

revoke all on table public.conversations from public, anon, authenticated, service_role;
grant select, delete, insert (id, workspace_id, title), update (title) on table public.conversations to authenticated;
grant select on table public.conversations to service_role, lamina_worker;

create trigger touch_updated_at before update on public.conversations
  for each row execute function app.touch_updated_at();
comment on trigger touch_updated_at on public.conversations is 'Stamps updated_at.';

------------------------------------------------------------------------------------------------
-- public.messages
------------------------------------------------------------------------------------------------
create table public.messages (
  id uuid primary key default gen_random_uuid(),
  seq bigint generated always as identity,
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  conversation_id uuid not null references public.conversations (id) on delete cascade,
  role text not null check (role in ('user', 'assistant')),
  content text not null default '' check (length(content) <= 100000),
  status text not null default 'complete'
    check (status in ('pending', 'streaming', 'complete', 'failed', 'cancelled')),
  reply_to uuid references public.messages (id) on delete cascade,
  document_ids uuid[],
  citations jsonb not null default '[]' check (jsonb_typeof(citations) = 'array'),
  answered boolean,
  provider text,
  model text,
  prompt_tokens int,
  completion_tokens int,
  cost_microusd bigint,
  retrieval_ms int,
  first_token_ms int,
  latency_ms int,
  error_code text,
  error_message text,
  job_id bigint,
  idempotency_key text check (length(idempotency_key) between 1 and 200),
  created_by uuid not null,
  created_at timestamptz not null default now(),
  finished_at timestamptz
);

comment on table public.messages is 'Questions and their answers. The row is the truth; the private broadcast while it streams is a hint.';
comment on column public.messages.seq is 'Order; pages are read by seq < last seen.';
comment on column public.messages.role is 'user asks, assistant answers.';
comment on column public.messages.content is 'The question, or the answer as far as it was stored.';
comment on column public.messages.status is 'pending → streaming → complete | failed | cancelled; a question is complete.';
comment on column public.messages.document_ids is 'Documents the question is limited to; null for all of the workspace.';
comment on column public.messages.citations is 'Array of {ordinal, chunk_id, document_id, title, page_from, page_to, quote}; [n] in the text is the ordinal.';
comment on column public.messages.answered is 'False when the documents do not say; null while unknown.';
comment on column public.messages.provider is 'Who answered; offline for the built-in extraction.';
comment on column public.messages.model is 'Model that answered, as its provider names it.';
comment on column public.messages.prompt_tokens is 'Tokens read, as the provider counts them.';
comment on column public.messages.completion_tokens is 'Tokens written, as the provider counts them.';
comment on column public.messages.cost_microusd is 'Millionths of a US dollar; null when the model''s price is unknown.';
comment on column public.messages.retrieval_ms is 'Embedding the question and searching, in milliseconds.';
comment on column public.messages.first_token_ms is 'From the start of the worker''s attempt to the first words, in milliseconds.';
comment on column public.messages.latency_ms is 'From the start of the worker''s attempt to the end, in milliseconds.';
comment on column public.messages.error_code is 'Why it failed, stable; see docs/error-codes.md.';
comment on column public.messages.error_message is 'The same for people.';
comment on column public.messages.job_id is 'Job that answers it: watch, cancel or retry that.';
comment on column public.messages.created_by is 'Who asked; the answer carries the same, so one policy serves both.';
comment on column public.messages.idempotency_key is 'Chosen by the client: the same key asks once.';
comment on column public.messages.finished_at is 'When the answer ended, however it ended.';

create index messages_conversation_idx on public.messages (conversation_id, seq);
create index messages_workspace_idx on public.messages (workspace_id);
create index messages_created_by_idx on public.messages (created_by);
create index messages_reply_to_idx on public.messages (reply_to) where reply_to is not null;
create unique index messages_idempotency_idx on public.messages (workspace_id, created_by, idempotency_key)
  where idempotency_key is not null;

alter table public.messages enable row level security;

create policy select_participants on public.messages
  for select to authenticated
  using (
    (created_by = (select app.user_id()) and workspace_id = any (array(select app.workspaces_with('conversations.read'))))
    or workspace_id = any (array(select app.workspaces_with('conversations.read_all'))));

comment on policy select_participants on public.messages is 'Who reads the conversation reads its messages; they are written by ask and by the worker.';

revoke all on table public.messages from public, anon, authenticated, service_role;
revoke all on sequence public.messages_seq_seq from public, anon, authenticated, service_role;
grant select on table public.messages to authenticated, service_role;
grant select, update on table public.messages to lamina_worker;

------------------------------------------------------------------------------------------------
-- public.searches
------------------------------------------------------------------------------------------------
create table public.searches (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  query text not null check (length(query) between 1 and 2000),
  document_ids uuid[],
  match_count int not null default 10 check (match_count between 1 and 50),
  status text not null default 'pending' check (status in ('pending', 'complete', 'failed', 'cancelled')),
  results jsonb not null default '[]' check (jsonb_typeof(results) = 'array'),
  error_code text,
  error_message text,
  job_id bigint,
  created_by uuid not null,
  created_at timestamptz not null default now(),
  finished_at timestamptz
);

comment on table public.searches is 'Searches by meaning that the worker embeds and runs for a client.';
comment on column public.searches.query is 'What is looked for, in the searcher''s words.';
comment on column public.searches.document_ids is 'Documents it is limited to; null for all of the workspace.';
comment on column public.searches.match_count is 'Passages wanted at most.';
comment on column public.searches.status is 'pending → complete | failed | cancelled.';
comment on column public.searches.error_code is 'Why it failed, stable; see docs/error-codes.md.';
comment on column public.searches.error_message is 'The same for people.';
comment on column public.searches.job_id is 'Job that runs it.';
comment on column public.searches.finished_at is 'When it ended, however it ended.';
comment on column public.searches.results is 'Array of {chunk_id, document_id, title, heading, content, page_from, page_to, score}, best first.';

create index searches_workspace_idx on public.searches (workspace_id);
create index searches_created_by_idx on public.searches (created_by, created_at desc);

alter table public.searches enable row level security;

create policy select_own on public.searches
  for select to authenticated
  using (created_by = (select app.user_id()) and workspace_id = any (array(select app.workspaces_with('documents.read'))));
create policy delete_own on public.searches
  for delete to authenticated
  using (created_by = (select app.user_id()) and workspace_id = any (array(select app.workspaces_with('documents.read'))));

comment on policy select_own on public.searches is 'A search is seen by who made it, while the documents may be read.';
comment on policy delete_own on public.searches is 'And may be erased by the same.';

revoke all on table public.searches from public, anon, authenticated, service_role;
grant select, delete on table public.searches to authenticated;
grant select on table public.searches to service_role;
grant select, update on table public.searches to lamina_worker;
