-- Purpose:  notes, settings of a workspace, full-text indexes on messages and notes, an index for the inbox.
-- Risk:     indexes on public.messages and public.conversations are built under a lock that stops writes.
-- Way back: drop the two tables and the indexes messages_words_idx, messages_own_questions_idx and conversations_inbox_idx.
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- public.notes
------------------------------------------------------------------------------------------------
create table public.notes (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  title text not null default '' check (length(title) <= 200),
  content text not null check (length(content) between 1 and 20000),
  created_by uuid not null default app.user_id(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

comment on table public.notes is 'What a member writes down for themselves. Nobody else reads it.';
comment on column public.notes.title is 'Name in lists, may be empty.';
comment on column public.notes.content is 'Markdown or plain text.';

create index notes_workspace_idx on public.notes (workspace_id);
create index notes_created_by_idx on public.notes (created_by, workspace_id, updated_at desc, id);
create index notes_words_idx on public.notes using gin (to_tsvector('pg_catalog.simple'::regconfig, title || ' ' || content));

alter table public.notes enable row level security;

create policy select_own on public.notes
  for select to authenticated
  using (created_by = (select app.user_id()) and workspace_id = any (array(select app.workspaces_with('workspace.read'))));
create policy insert_own on public.notes
  for insert to authenticated
  with check (created_by = (select app.user_id()) and workspace_id = any (array(select app.workspaces_with('workspace.read'))));
create policy update_own on public.notes
  for update to authenticated
  using (created_by = (select app.user_id()) and workspace_id = any (array(select app.workspaces_with('workspace.read'))))
  with check (created_by = (select app.user_id()));
create policy delete_own on public.notes
  for delete to authenticated
  using (created_by = (select app.user_id()) and workspace_id = any (array(select app.workspaces_with('workspace.read'))));

comment on policy select_own on public.notes is 'One''s own, while one is a member.';
comment on policy insert_own on public.notes is 'Every member, viewers too: a note changes nothing of the workspace.';
comment on policy update_own on public.notes is 'One''s own; title and content are granted.';
comment on policy delete_own on public.notes is 'One''s own.';

revoke all on table public.notes from public, anon, authenticated, service_role;
grant select, delete, insert (id, workspace_id, title, content), update (title, content) on table public.notes to authenticated;
grant select on table public.notes to service_role;

create trigger touch_updated_at before update on public.notes
  for each row execute function app.touch_updated_at();
comment on trigger touch_updated_at on public.notes is 'Stamps updated_at.';

------------------------------------------------------------------------------------------------
-- public.workspace_settings
------------------------------------------------------------------------------------------------
create table public.workspace_settings (
  workspace_id uuid primary key references public.workspaces (id) on delete cascade,
  history_memory boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

comment on table public.workspace_settings is 'Switches of a workspace; no row means the defaults.';
comment on column public.workspace_settings.history_memory is
  'Answers may draw on what the asker asked before in this workspace: the asker''s own questions only, never another''s.';

alter table public.workspace_settings enable row level security;

create policy select_members on public.workspace_settings
  for select to authenticated
  using (workspace_id = any (array(select app.workspaces_with('workspace.read'))));
create policy insert_managers on public.workspace_settings
  for insert to authenticated
  with check (workspace_id = any (array(select app.workspaces_with('workspace.update'))));
create policy update_managers on public.workspace_settings
  for update to authenticated
  using (workspace_id = any (array(select app.workspaces_with('workspace.update'))))
  with check (workspace_id = any (array(select app.workspaces_with('workspace.update'))));

comment on policy select_members on public.workspace_settings is 'A member knows what their questions are used for.';
comment on policy insert_managers on public.workspace_settings is 'Those who run the workspace set its switches.';
comment on policy update_managers on public.workspace_settings is 'And turn them.';

revoke all on table public.workspace_settings from public, anon, authenticated, service_role;
grant select, insert (workspace_id, history_memory), update (workspace_id, history_memory)
  on table public.workspace_settings to authenticated;
grant select on table public.workspace_settings to service_role, lamina_worker;

create trigger touch_updated_at before update on public.workspace_settings
  for each row execute function app.touch_updated_at();
comment on trigger touch_updated_at on public.workspace_settings is 'Stamps updated_at.';

------------------------------------------------------------------------------------------------
-- Words of messages
------------------------------------------------------------------------------------------------
create index messages_words_idx on public.messages using gin (to_tsvector('pg_catalog.simple'::regconfig, content));
create index messages_own_questions_idx on public.messages (created_by, workspace_id, seq desc) where role = 'user';
create index conversations_inbox_idx on public.conversations (workspace_id, updated_at desc, id) where contact_id is not null;

comment on column public.messages.citations is
  'Array of {ordinal, chunk_id, document_id, title, page_from, page_to, quote}; [n] in the text is the ordinal. One that rests on the asker''s own history has {ordinal, message_id, conversation_id, title, quote}.';
