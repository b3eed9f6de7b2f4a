-- Purpose:  comments on documents, in threads anchored to a version, and who is mentioned in them.
-- Risk:     none, new objects only.
-- Way back: drop the tables comments and comment_mentions; delete the permissions comments.write and comments.moderate.
set local lock_timeout = '5s';

insert into public.role_permissions (role, permission)
select role, permission
from (values
  ('comments.write', '{owner,admin,editor,sales,support,marketing}'::text[]),
  ('comments.moderate', '{owner,admin}')
) as grants (permission, roles)
cross join unnest(roles) as role;

------------------------------------------------------------------------------------------------
-- public.comments
------------------------------------------------------------------------------------------------
create table public.comments (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  document_id uuid not null references public.documents (id) on delete cascade,
  thread_id uuid references public.comments (id) on delete cascade,
  version int not null check (version > 0),
  range_start int check (range_start >= 0),
  range_end int,
  quote text check (length(quote) between 1 and 2000),
  body text not null check (length(body) <= 10000),
  created_by uuid not null,
  created_at timestamptz not null default now(),
  edited_at timestamptz,
  deleted_at timestamptz,
  resolved_at timestamptz,
  resolved_by uuid,
  check (num_nulls(range_start, range_end, quote) in (0, 3)),
  check (range_end > range_start),
  check (thread_id is null or num_nonnulls(quote, resolved_at, resolved_by) = 0)
);

comment on table public.comments is 'What members say about a document: threads of one level. Written by RPC.';
comment on column public.comments.thread_id is 'The comment it answers, which opened the thread; null for that one.';
comment on column public.comments.version is 'Version of the document it was said about.';
comment on column public.comments.range_start is 'Where the passage it is about begins in that version, in Unicode code points from 0 (not UTF-16 units); null when it is about the whole.';
comment on column public.comments.range_end is 'Where the passage ends, exclusive.';
comment on column public.comments.quote is 'The passage itself, taken from the version.';
comment on column public.comments.body is 'Markdown or plain text; empty once deleted.';
comment on column public.comments.edited_at is 'When its author last changed it.';
comment on column public.comments.deleted_at is 'When its text was deleted; its place stays, so that answers keep theirs.';
comment on column public.comments.resolved_at is 'When the thread was settled; null while it is open. Of the opening comment only.';
comment on column public.comments.resolved_by is 'Who settled it.';

create index comments_document_idx on public.comments (document_id, created_at, id);
create index comments_workspace_idx on public.comments (workspace_id, created_at desc, id);
create index comments_thread_idx on public.comments (thread_id, created_at, id);

alter table public.comments enable row level security;

create policy select_readers on public.comments
  for select to authenticated
  using (
    workspace_id = any (array(select app.workspaces_with('documents.read')))
    and exists (select from public.documents as d where d.id = document_id));
comment on policy select_readers on public.comments is 'Who may read the document, by the policy of documents, reads what is said about it.';

revoke all on table public.comments from public, anon, authenticated, service_role;
grant select on table public.comments to authenticated, service_role;

------------------------------------------------------------------------------------------------
-- public.comment_mentions
------------------------------------------------------------------------------------------------
create table public.comment_mentions (
  comment_id uuid not null references public.comments (id) on delete cascade,
  user_id uuid not null references public.profiles (user_id) on delete cascade,
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  created_at timestamptz not null default now(),
  primary key (comment_id, user_id)
);

comment on table public.comment_mentions is 'Whom a comment names: they were told, once for each comment.';
comment on column public.comment_mentions.user_id is 'A member who may read the document.';

create index comment_mentions_user_idx on public.comment_mentions (user_id, created_at desc);
create index comment_mentions_workspace_idx on public.comment_mentions (workspace_id);

alter table public.comment_mentions enable row level security;

create policy select_readers on public.comment_mentions
  for select to authenticated
  using (
    workspace_id = any (array(select app.workspaces_with('documents.read')))
    and exists (select from public.comments as c where c.id = comment_id));
comment on policy select_readers on public.comment_mentions is 'Who reads the comment sees whom it names.';

revoke all on table public.comment_mentions from public, anon, authenticated, service_role;
grant select on table public.comment_mentions to authenticated, service_role;

------------------------------------------------------------------------------------------------
-- Who reads a document
------------------------------------------------------------------------------------------------
create function app.readers_of(p_document_id uuid) returns setof uuid
language sql stable security definer set search_path = ''
begin atomic
  select m.user_id
  from public.documents as d
  join public.workspace_members as m on m.workspace_id = d.workspace_id
  join public.role_permissions as g on g.role = m.role and g.permission = 'documents.read'
  where d.id = p_document_id;
end;

comment on function app.readers_of(uuid) is
  'Members who may read a document: whom a comment may mention, and who may comment at all. Says the same as the policy of documents. Internal.';

revoke execute on function app.readers_of(uuid) from public, anon, authenticated, service_role;

------------------------------------------------------------------------------------------------
-- Broadcasts
------------------------------------------------------------------------------------------------
create function app.broadcast_comment() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform realtime.send(
    jsonb_build_object('id', new.id, 'document_id', new.document_id, 'thread_id', new.thread_id, 'operation', tg_op,
                       'is_resolved', new.resolved_at is not null, 'is_deleted', new.deleted_at is not null),
    'comment', 'workspace:' || new.workspace_id, true);
  return null;
end;
$$;

comment on function app.broadcast_comment() is 'A hint without the text: reading the row needs the right.';

create trigger broadcast_insert after insert on public.comments
  for each row execute function app.broadcast_comment();
comment on trigger broadcast_insert on public.comments is 'Who has the document open sees what is said.';
create trigger broadcast_update after update on public.comments
  for each row when ((new.body, new.resolved_at, new.deleted_at) is distinct from (old.body, old.resolved_at, old.deleted_at))
  execute function app.broadcast_comment();
comment on trigger broadcast_update on public.comments is 'And when it is changed, settled or deleted.';

revoke execute on function app.broadcast_comment() from public, anon, authenticated, service_role;
