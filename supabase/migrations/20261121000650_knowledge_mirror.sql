-- Purpose:  jobs show in documents, answers and searches, however they end; broadcasts, and who may hear them.
-- Risk:     a policy on realtime.messages: a short lock on a platform table.
-- Way back: drop the functions of this file (cascade drops the triggers) and the policy lamina_receive.
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- The mirror: one place for every way a job moves, in the worker or in SQL
------------------------------------------------------------------------------------------------
create function app.mirror_knowledge_job() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_code text := coalesce(new.error_code, case when new.status = 'cancelled' then 'job.cancelled' end);
  v_message text := coalesce(new.error_message, case when new.status = 'cancelled' then 'It was cancelled.' end);
begin
  case new.kind
    when 'knowledge.ingest_document' then
      update public.documents as d
      set status = case new.status when 'queued' then 'pending' when 'running' then 'processing' else 'failed' end,
        stage = case when new.status = 'running' then new.stage end,
        error_code = v_code, error_message = v_message
      where d.id = new.subject_id and d.version = (new.args ->> 'version')::int;
    when 'knowledge.answer_question' then
      update public.messages as m
      set status = case new.status when 'queued' then 'pending' when 'running' then 'streaming' else new.status end,
        error_code = v_code, error_message = v_message,
        finished_at = new.finished_at
      where m.id = new.subject_id;
    when 'knowledge.run_search' then
      update public.searches as s
      set status = case when new.gate = 'closed' then new.status else 'pending' end,
        error_code = v_code, error_message = v_message,
        finished_at = new.finished_at
      where s.id = new.subject_id;
  end case;
  return null;
end;
$$;

comment on function app.mirror_knowledge_job() is
  'Success is written by the worker with its result; every other move of a knowledge job shows in its subject from here.';

revoke execute on function app.mirror_knowledge_job() from public, anon, authenticated, service_role;

create trigger mirror_knowledge_job after update of status, stage on public.jobs
  for each row when (
    new.subject_id is not null and new.status <> 'succeeded'
    and new.kind in ('knowledge.ingest_document', 'knowledge.answer_question', 'knowledge.run_search')
    and (new.status, new.stage) is distinct from (old.status, old.stage))
  execute function app.mirror_knowledge_job();
comment on trigger mirror_knowledge_job on public.jobs is 'No document or answer is left waiting for a job that has ended.';

------------------------------------------------------------------------------------------------
-- Broadcasts
------------------------------------------------------------------------------------------------
create function app.broadcast_document() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_row public.documents := case when tg_op = 'DELETE' then old else new end;
begin
  perform realtime.send(
    jsonb_build_object('id', v_row.id, 'operation', tg_op, 'status', v_row.status, 'stage', v_row.stage,
                       'version', v_row.version, 'error_code', v_row.error_code),
    'document', 'workspace:' || v_row.workspace_id, true);
  return null;
end;
$$;

comment on function app.broadcast_document() is 'Tells members that a document came, moved or went.';

create function app.broadcast_answer() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform realtime.send(
    jsonb_build_object('message_id', new.id, 'status', new.status, 'answered', new.answered, 'error_code', new.error_code),
    case when new.finished_at is null then 'answer.status' else 'answer.done' end,
    'conversation:' || new.conversation_id, true);
  return null;
end;
$$;

comment on function app.broadcast_answer() is 'Tells the conversation that an answer began or ended: read the row.';

create function app.broadcast_search() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform realtime.send(
    jsonb_build_object('id', new.id, 'status', new.status, 'error_code', new.error_code),
    'search', 'user:' || new.created_by, true);
  return null;
end;
$$;

comment on function app.broadcast_search() is 'Tells the searcher that the results are there.';

create function app.broadcast_answer_delta(p_conversation_id uuid, p_message_id uuid, p_seq int, p_text text) returns void
language sql volatile security definer set search_path = ''
begin atomic
  -- A piece that a crash loses comes again with the whole answer: nobody waits for the disk.
  select pg_catalog.set_config('synchronous_commit', 'off', true);
  select realtime.send(
    pg_catalog.jsonb_build_object('message_id', p_message_id, 'seq', p_seq, 'text', p_text),
    'answer.delta', 'conversation:' || p_conversation_id, true);
end;

comment on function app.broadcast_answer_delta(uuid, uuid, int, text) is 'A piece of a streaming answer; seq counts from 0, a restarted answer begins at 0 again.';

revoke execute on function app.broadcast_document() from public, anon, authenticated, service_role;
revoke execute on function app.broadcast_answer() from public, anon, authenticated, service_role;
revoke execute on function app.broadcast_search() from public, anon, authenticated, service_role;
revoke execute on function app.broadcast_answer_delta(uuid, uuid, int, text) from public, anon, authenticated, service_role;
grant execute on function app.broadcast_answer_delta(uuid, uuid, int, text) to lamina_worker;

create trigger broadcast_insert after insert on public.documents
  for each row execute function app.broadcast_document();
comment on trigger broadcast_insert on public.documents is 'A new document shows everywhere.';
create trigger broadcast_update after update on public.documents
  for each row when ((new.status, new.stage, new.version, new.title) is distinct from (old.status, old.stage, old.version, old.title))
  execute function app.broadcast_document();
comment on trigger broadcast_update on public.documents is 'So does its progress.';
create trigger broadcast_delete after delete on public.documents
  for each row execute function app.broadcast_document();
comment on trigger broadcast_delete on public.documents is 'And its end.';
create trigger broadcast_update after update on public.messages
  for each row when (new.status is distinct from old.status)
  execute function app.broadcast_answer();
comment on trigger broadcast_update on public.messages is 'An answer that began, ended or failed is told to the conversation.';
create trigger broadcast_update after update on public.searches
  for each row when (new.status is distinct from old.status)
  execute function app.broadcast_search();
comment on trigger broadcast_update on public.searches is 'A finished search is told to the searcher.';

------------------------------------------------------------------------------------------------
-- Who may hear what
------------------------------------------------------------------------------------------------
create function app.may_receive(p_topic text) returns boolean
language sql stable security definer set search_path = ''
return case pg_catalog.split_part(p_topic, ':', 1)
  when 'workspace' then exists (
    select from app.workspaces_with('workspace.read') as w where w::text = pg_catalog.split_part(p_topic, ':', 2))
  when 'user' then app.user_id()::text = pg_catalog.split_part(p_topic, ':', 2)
  when 'conversation' then exists (
    select from public.conversations as c
    where c.id::text = pg_catalog.split_part(p_topic, ':', 2)
      and (c.created_by = app.user_id() and c.workspace_id = any (array(select app.workspaces_with('conversations.read')))
           or c.workspace_id = any (array(select app.workspaces_with('conversations.read_all')))))
  else false
end;

comment on function app.may_receive(text) is 'Private topics: workspace:<id>, conversation:<id>, user:<id>.';

revoke execute on function app.may_receive(text) from public, anon, authenticated, service_role;
grant execute on function app.may_receive(text) to authenticated;

create policy lamina_receive on realtime.messages
  for select to authenticated
  using (extension in ('broadcast', 'presence') and (select app.may_receive((select realtime.topic()))));
