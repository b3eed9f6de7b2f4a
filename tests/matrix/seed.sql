-- One row per table of ours in the cast's workspace, for the matrix to be tried on. :names come from the cast.
insert into public.workspace_invitations (id, workspace_id, email, role, invited_by)
values (%(invitation)s, %(workspace)s, 'guest@example.test', 'viewer', %(admin)s);

insert into public.documents (id, workspace_id, kind, title, created_by)
values (%(document)s, %(workspace)s, 'text', 'Handbook', %(editor)s);

insert into public.document_versions (document_id, version, workspace_id, content, created_by)
values (%(document)s, 1, %(workspace)s, 'Work begins at nine.', %(editor)s);

insert into public.chunks (
  workspace_id, document_id, ordinal, content, page_from, page_to, char_from, char_to, content_hash,
  embedding_model, embedding)
values (
  %(workspace)s, %(document)s, 0, 'Work begins at nine.', 1, 1, 0, 20, sha256('x'), 'none',
  array_fill(0.1::real, array[1536])::extensions.halfvec);

insert into public.conversations (id, workspace_id, title, created_by)
values (%(conversation)s, %(workspace)s, 'Hours', %(editor)s);

insert into public.messages (workspace_id, conversation_id, role, content, created_by)
values (%(workspace)s, %(conversation)s, 'user', 'When does work begin?', %(editor)s);

insert into public.searches (workspace_id, query, created_by) values (%(workspace)s, 'hours', %(editor)s);

insert into public.jobs (workspace_id, kind, lane, max_attempts, created_by)
values (%(workspace)s, 'knowledge.run_search', 'interactive', 1, %(editor)s);

insert into public.brand_profiles (workspace_id, name) values (%(workspace)s, 'Cast & Co');

insert into public.ai_tasks (workspace_id, kind, input, created_by)
values (%(workspace)s, 'summarise', '{"text": "Work begins at nine."}', %(editor)s);

insert into public.notes (workspace_id, content, created_by) values (%(workspace)s, 'Ask about nine.', %(editor)s);

insert into public.workspace_settings (workspace_id) values (%(workspace)s);
