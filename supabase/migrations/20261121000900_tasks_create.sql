-- Purpose:  AI tasks: their kinds, the models one may choose, how a workspace wants to sound, the tasks themselves.
-- Risk:     none, new objects only.
-- Way back: drop the four tables; delete the permissions tasks.run and brand.manage, and the job kind tasks.run_task.
set local lock_timeout = '5s';

insert into public.role_permissions (role, permission)
select role, permission
from (values
  ('tasks.run', '{owner,admin,editor,sales,support,marketing}'::text[]),
  ('brand.manage', '{owner,admin,marketing}')
) as grants (permission, roles)
cross join unnest(roles) as role;

insert into app.job_kinds (kind, lane, max_attempts, provider, cost) values ('tasks.run_task', 'interactive', 3, 'llm', 1);

------------------------------------------------------------------------------------------------
-- public.ai_task_kinds
------------------------------------------------------------------------------------------------
create table public.ai_task_kinds (
  kind text primary key check (kind ~ '^[a-z][a-z_]{1,40}$'),
  description text not null,
  output text not null check (output in ('text', 'blocks')),
  input_schema jsonb not null check (jsonb_typeof(input_schema) = 'object'),
  entitlement text
);

comment on table public.ai_task_kinds is 'What can be asked of the AI beside questions. A kind is a row here and a recipe in the worker.';
comment on column public.ai_task_kinds.kind is 'Its name, as start_ai_task takes it.';
comment on column public.ai_task_kinds.description is 'What it does, in a sentence for people.';
comment on column public.ai_task_kinds.output is 'text: the result is in ai_tasks.result; blocks: it is in ai_tasks.result_json.';
comment on column public.ai_task_kinds.input_schema is
  'JSON Schema of its input: an object of texts, without nesting. start_ai_task checks names, types, lengths and choices, the worker everything.';
comment on column public.ai_task_kinds.entitlement is 'What the plan must include; null for every plan.';

alter table public.ai_task_kinds enable row level security;

create policy select_authenticated on public.ai_task_kinds for select to authenticated using (true);
comment on policy select_authenticated on public.ai_task_kinds is 'Everybody signed in: a client draws its forms from it.';

revoke all on table public.ai_task_kinds from public, anon, authenticated, service_role;
grant select on table public.ai_task_kinds to authenticated, service_role, lamina_worker;

insert into public.ai_task_kinds (kind, output, description, input_schema)
select k.kind, k.output, k.description,
  jsonb_build_object('type', 'object', 'additionalProperties', false, 'properties', k.properties, 'required', k.required)
from (values
  ('draft', 'text', 'Writes a first version from what is wanted and, if given, from material.', '{
    "instructions": {"type": "string", "minLength": 1, "maxLength": 4000},
    "text": {"type": "string", "maxLength": 60000},
    "format": {"type": "string", "enum": ["text", "email", "post", "article", "letter", "reply"]},
    "length": {"type": "string", "enum": ["short", "medium", "long"]},
    "language": {"type": "string", "minLength": 2, "maxLength": 40}}'::jsonb, '["instructions"]'::jsonb),
  ('edit', 'text', 'Corrects spelling, grammar and punctuation, and changes nothing else unless told to.', '{
    "text": {"type": "string", "minLength": 1, "maxLength": 60000},
    "instructions": {"type": "string", "maxLength": 4000}}', '["text"]'),
  ('rewrite', 'text', 'Says the same in other words: another tone, another audience.', '{
    "text": {"type": "string", "minLength": 1, "maxLength": 60000},
    "instructions": {"type": "string", "maxLength": 4000},
    "tone": {"type": "string", "maxLength": 100},
    "audience": {"type": "string", "maxLength": 200},
    "length": {"type": "string", "enum": ["shorter", "same", "longer"]}}', '["text"]'),
  ('summarise', 'text', 'Says in short what a text says.', '{
    "text": {"type": "string", "minLength": 1, "maxLength": 200000},
    "length": {"type": "string", "enum": ["short", "medium", "long"]},
    "language": {"type": "string", "minLength": 2, "maxLength": 40},
    "instructions": {"type": "string", "maxLength": 4000}}', '["text"]'),
  ('translate', 'text', 'Puts a text into another language.', '{
    "text": {"type": "string", "minLength": 1, "maxLength": 60000},
    "language": {"type": "string", "minLength": 2, "maxLength": 40},
    "instructions": {"type": "string", "maxLength": 4000}}', '["text", "language"]'),
  ('design_assistant', 'blocks', 'Lays out a page as blocks: headings, paragraphs, lists, quotes, buttons, pictures to find.', '{
    "instructions": {"type": "string", "minLength": 1, "maxLength": 4000},
    "text": {"type": "string", "maxLength": 60000},
    "format": {"type": "string", "enum": ["page", "email", "flyer", "slide"]},
    "language": {"type": "string", "minLength": 2, "maxLength": 40}}', '["instructions"]')
) as k (kind, output, description, properties, required);

------------------------------------------------------------------------------------------------
-- public.ai_models
------------------------------------------------------------------------------------------------
create table public.ai_models (
  model text primary key check (model ~ '^[a-z]+:\S{1,100}$'),
  description text not null,
  entitlement text
);

comment on table public.ai_models is 'Models a task may ask for by name. Without a name the installation''s own model works, on every plan.';
comment on column public.ai_models.model is 'provider:model. Whether this installation holds the provider''s key is known to the worker only.';
comment on column public.ai_models.description is 'What it is good for, in a sentence for people.';
comment on column public.ai_models.entitlement is 'What the plan must include; null for every plan.';

alter table public.ai_models enable row level security;

create policy select_authenticated on public.ai_models for select to authenticated using (true);
comment on policy select_authenticated on public.ai_models is 'Everybody signed in: allowed_models tells what a workspace''s plan leaves of it.';

revoke all on table public.ai_models from public, anon, authenticated, service_role;
grant select on table public.ai_models to authenticated, service_role;

insert into public.ai_models (model, description, entitlement) values
  ('offline:extractive-1', 'Built in, without a language model: for trying things out.', null),
  ('openai:gpt-5.4-nano', 'Quick and cheap, for short texts.', null),
  ('openai:gpt-5.4-mini', 'The usual choice.', null),
  ('gemini:gemini-3.5-flash-lite', 'Quick and cheap, for long texts.', null),
  ('openrouter:openai/gpt-5.4-mini', 'The usual choice, by way of OpenRouter.', null),
  ('openai:gpt-5.4', 'Careful writing.', 'models.premium'),
  ('openai:gpt-5.5', 'The most careful writing.', 'models.premium'),
  ('gemini:gemini-3.5-flash', 'Careful writing from long texts.', 'models.premium');

------------------------------------------------------------------------------------------------
-- public.brand_profiles
------------------------------------------------------------------------------------------------
create table public.brand_profiles (
  workspace_id uuid primary key references public.workspaces (id) on delete cascade,
  name text not null default '' check (length(name) <= 200),
  voice text not null default '' check (length(voice) <= 2000),
  audience text not null default '' check (length(audience) <= 1000),
  rules text not null default '' check (length(rules) <= 4000),
  language text check (length(language) between 2 and 40),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

comment on table public.brand_profiles is 'How a workspace wants to sound. Every AI task is written in this voice; no row is no voice.';
comment on column public.brand_profiles.name is 'The brand''s name, as texts write it.';
comment on column public.brand_profiles.voice is 'Tone and manner, in words: warm, brief, no jargon.';
comment on column public.brand_profiles.audience is 'Who reads it.';
comment on column public.brand_profiles.rules is 'What to write always and never, line by line.';
comment on column public.brand_profiles.language is 'Language of texts when a task asks for none.';

alter table public.brand_profiles enable row level security;

create policy select_members on public.brand_profiles
  for select to authenticated
  using (workspace_id = any (array(select app.workspaces_with('workspace.read'))));
create policy insert_managers on public.brand_profiles
  for insert to authenticated
  with check (workspace_id = any (array(select app.workspaces_with('brand.manage'))));
create policy update_managers on public.brand_profiles
  for update to authenticated
  using (workspace_id = any (array(select app.workspaces_with('brand.manage'))))
  with check (workspace_id = any (array(select app.workspaces_with('brand.manage'))));
create policy delete_managers on public.brand_profiles
  for delete to authenticated
  using (workspace_id = any (array(select app.workspaces_with('brand.manage'))));

comment on policy select_members on public.brand_profiles is 'Who writes for the workspace knows its voice.';
comment on policy insert_managers on public.brand_profiles is 'Those who answer for the brand set it.';
comment on policy update_managers on public.brand_profiles is 'And change it; every later task follows.';
comment on policy delete_managers on public.brand_profiles is 'And take it away.';

revoke all on table public.brand_profiles from public, anon, authenticated, service_role;
grant select, delete, insert (workspace_id, name, voice, audience, rules, language),
  update (workspace_id, name, voice, audience, rules, language) on table public.brand_profiles to authenticated;
grant select on table public.brand_profiles to service_role, lamina_worker;

create trigger touch_updated_at before update on public.brand_profiles
  for each row execute function app.touch_updated_at();
comment on trigger touch_updated_at on public.brand_profiles is 'Stamps updated_at.';

------------------------------------------------------------------------------------------------
-- public.ai_tasks
------------------------------------------------------------------------------------------------
create table public.ai_tasks (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  kind text not null references public.ai_task_kinds (kind) on update cascade on delete restrict,
  input jsonb not null check (jsonb_typeof(input) = 'object'),
  requested_model text references public.ai_models (model) on update cascade on delete set null,
  status text not null default 'pending' check (status in ('pending', 'streaming', 'complete', 'failed', 'cancelled')),
  result text not null default '',
  result_json jsonb,
  is_cut boolean not null default false,
  provider text,
  model text,
  prompt_tokens int,
  completion_tokens int,
  cost_microusd bigint,
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

comment on table public.ai_tasks is 'AI tasks and their results, private to who started them. The row is the truth; the broadcast while it streams is a hint.';
comment on column public.ai_tasks.input is 'What was asked, as the kind''s input_schema has it.';
comment on column public.ai_tasks.requested_model is 'Model asked for by name; null leaves it to the installation.';
comment on column public.ai_tasks.status is 'pending → streaming → complete | failed | cancelled.';
comment on column public.ai_tasks.result is 'The text; as far as it came when it was cancelled.';
comment on column public.ai_tasks.result_json is 'The blocks of a kind with output blocks, checked against its schema.';
comment on column public.ai_tasks.is_cut is 'The model reached its limit: the text ends too early.';
comment on column public.ai_tasks.provider is 'Who worked; offline for the built-in twin.';
comment on column public.ai_tasks.model is 'Model that worked, as provider:model.';
comment on column public.ai_tasks.prompt_tokens is 'Tokens read, as the provider counts them, all tries of the attempt together.';
comment on column public.ai_tasks.completion_tokens is 'Tokens written, likewise.';
comment on column public.ai_tasks.cost_microusd is 'Millionths of a US dollar; null when the model''s price is unknown.';
comment on column public.ai_tasks.first_token_ms is 'From the start of the worker''s attempt to the first words, in milliseconds.';
comment on column public.ai_tasks.latency_ms is 'From the start of the worker''s attempt to the end, in milliseconds.';
comment on column public.ai_tasks.error_code is 'Why it failed, stable; see docs/error-codes.md.';
comment on column public.ai_tasks.error_message is 'The same for people.';
comment on column public.ai_tasks.job_id is 'Job that does it: watch, cancel or retry that.';
comment on column public.ai_tasks.idempotency_key is 'Chosen by the client: the same key starts once.';
comment on column public.ai_tasks.finished_at is 'When it ended, however it ended.';

create index ai_tasks_workspace_idx on public.ai_tasks (workspace_id, created_at desc, id);
create index ai_tasks_created_by_idx on public.ai_tasks (created_by, created_at desc, id);
create index ai_tasks_kind_idx on public.ai_tasks (kind);
create index ai_tasks_requested_model_idx on public.ai_tasks (requested_model) where requested_model is not null;
create unique index ai_tasks_idempotency_idx on public.ai_tasks (workspace_id, created_by, idempotency_key)
  where idempotency_key is not null;

alter table public.ai_tasks enable row level security;

create policy select_own on public.ai_tasks
  for select to authenticated
  using (created_by = (select app.user_id()) and workspace_id = any (array(select app.workspaces_with('workspace.read'))));

comment on policy select_own on public.ai_tasks is 'A task is seen by who started it, while they are a member. It is written by start_ai_task and the worker.';

revoke all on table public.ai_tasks from public, anon, authenticated, service_role;
grant select on table public.ai_tasks to authenticated, service_role;
grant select, update on table public.ai_tasks to lamina_worker;
