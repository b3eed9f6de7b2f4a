-- Purpose:  channels: create, key, secret, texts, delete.
-- Risk:     none, new functions only.
-- Way back: drop the functions of this file.
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- Parts
------------------------------------------------------------------------------------------------
create function app.new_secret(p_prefix text) returns text
language sql volatile set search_path = ''
return p_prefix || encode(sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())), 'hex');

comment on function app.new_secret(text) is 'From two random uuids (244 bits), with a prefix that tells what it is. Internal.';

create function app.lock_channel(p_channel_id uuid, p_permission text) returns public.channels
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_channel public.channels;
begin
  perform app.require_user();
  select * into v_channel from public.channels as c
  where c.id = p_channel_id and c.workspace_id = any (array(select app.workspaces_with('channels.read')))
  for no key update;
  if not found then
    perform app.fail(404, 'channel.not_found', 'There is no such channel.');
  end if;
  perform app.require_permission(v_channel.workspace_id, p_permission);
  return v_channel;
end;
$$;

comment on function app.lock_channel(uuid, text) is 'The channel, locked, if the caller may change it. Internal.';

create function app.is_texts(p_texts jsonb) returns boolean
language sql immutable parallel safe set search_path = ''
begin atomic
  select case when pg_catalog.jsonb_typeof(p_texts) = 'object' then not exists (
    select from pg_catalog.jsonb_each(p_texts) as t
    where t.key !~ '^[a-z]{2,3}$' or pg_catalog.jsonb_typeof(t.value) <> 'string'
      or pg_catalog.length(t.value #>> '{}') not between 1 and 1000 or t.value #>> '{}' !~ '\S')
  else false end;
end;

comment on function app.is_texts(jsonb) is 'Whether it maps languages to texts that one message can hold. Internal.';

create function app.text_in(p_texts jsonb, p_language text, p_default text) returns text
language sql immutable parallel safe set search_path = ''
return coalesce(p_texts ->> p_language, p_texts ->> p_default, p_texts ->> 'en',
  (select t.value from jsonb_each_text(p_texts) as t order by t.key limit 1));

comment on function app.text_in(jsonb, text, text) is 'The text in a language, or the nearest there is; null when there are none. Internal.';

create function app.check_page_key(p_page_key text) returns text
language plpgsql immutable set search_path = '' as $$
begin
  if (btrim(p_page_key) ~ '^[!-~]+$' and length(btrim(p_page_key)) between 16 and 500) is not true then
    perform app.fail(400, 'channel.bad_key', 'This is no key of a ManyChat page.', 'Copy it from Settings → API in ManyChat.');
  end if;
  return btrim(p_page_key);
end;
$$;

comment on function app.check_page_key(text) is 'A key that a header can carry, or 400. Internal.';

create function app.check_channel_texts(p_channel public.channels) returns void
language plpgsql immutable set search_path = '' as $$
begin
  if app.is_name(p_channel.name) is not true then
    perform app.fail(400, 'channel.bad_name', 'A name has 1 to 100 characters on one line.');
  elsif exists (
    select from unnest(array[p_channel.ack_texts, p_channel.unavailable_texts, p_channel.not_answered_texts,
      p_channel.passed_on_texts, p_channel.attachment_texts]) as texts
    where app.is_texts(texts) is not true
  ) then
    perform app.fail(400, 'channel.bad_texts', 'Texts are an object of languages ("fr") and texts of 1 to 1,000 characters.');
  elsif (p_channel.default_language ~ '^[a-z]{2,3}$') is not true then
    perform app.fail(400, 'channel.bad_language', 'A language is written in two or three small letters, as fr.');
  elsif (p_channel.on_unanswered in ('say', 'ticket')) is not true then
    perform app.fail(400, 'channel.bad_unanswered', 'There is no such thing to do with a question without an answer.', 'Use say or ticket.');
  end if;
end;
$$;

comment on function app.check_channel_texts(public.channels) is 'Fails with 400 on what a member may set wrongly. Internal.';

------------------------------------------------------------------------------------------------
-- Create, change, delete
------------------------------------------------------------------------------------------------
create function app.create_channel(p_workspace_id uuid, p_name text, p_page_key text, p_default_language text)
returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_channel public.channels;
  v_key text;
  v_secret text := app.new_secret('lmi_');
begin
  perform app.require_permission(p_workspace_id, 'channels.manage');
  perform app.require_second_factor();
  perform app.require_entitlement(p_workspace_id, 'channels');
  if p_page_key is not null then
    v_key := app.check_page_key(p_page_key);
  end if;
  v_channel.name := btrim(p_name);
  v_channel.default_language := p_default_language;
  v_channel.ack_texts := '{}';
  v_channel.unavailable_texts := '{}';
  v_channel.not_answered_texts := '{}';
  v_channel.passed_on_texts := '{}';
  v_channel.attachment_texts := '{}';
  v_channel.on_unanswered := 'say';
  perform app.check_channel_texts(v_channel);
  insert into public.channels (workspace_id, name, default_language, page_key_last4, created_by)
  values (p_workspace_id, v_channel.name, p_default_language, right(v_key, 4), app.user_id())
  returning * into v_channel;
  insert into app.channel_secrets (channel_id, page_key, inbound_hash)
  values (v_channel.id, v_key, sha256(convert_to(v_secret, 'UTF8')));
  perform app.audit(p_workspace_id, 'channel.created', v_channel.id::text, jsonb_build_object('name', v_channel.name));
  perform app.check_channel_later(v_channel);
  return jsonb_build_object('channel_id', v_channel.id, 'secret', v_secret);
end;
$$;

comment on function app.create_channel(uuid, text, text, text) is 'Behind public.create_channel.';

create function app.check_channel_later(p_channel public.channels) returns void
language sql volatile security definer set search_path = ''
begin atomic
  select app.enqueue('messaging.check_channel', (p_channel).workspace_id, (p_channel).id,
    p_dedupe_key => 'check-channel:' || (p_channel).id)
  where (p_channel).page_key_last4 is not null;
end;

comment on function app.check_channel_later(public.channels) is 'The worker asks the vendor whose key it is. Internal.';

create function app.set_channel_key(p_channel_id uuid, p_page_key text) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_channel public.channels := app.lock_channel(p_channel_id, 'channels.manage');
  v_key text := app.check_page_key(p_page_key);
begin
  perform app.require_second_factor();
  update app.channel_secrets as s set page_key = v_key where s.channel_id = p_channel_id;
  update public.channels as c
  set page_key_last4 = right(v_key, 4), page_name = null, error_code = null, error_message = null,
    status = case when c.status = 'broken' then 'active' else c.status end
  where c.id = p_channel_id
  returning * into v_channel;
  perform app.audit(v_channel.workspace_id, 'channel.key_set', p_channel_id::text);
  perform app.check_channel_later(v_channel);
end;
$$;

comment on function app.set_channel_key(uuid, text) is 'Behind public.set_channel_key.';

create function app.rotate_channel_secret(p_channel_id uuid, p_overlap interval) returns text
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_channel public.channels := app.lock_channel(p_channel_id, 'channels.manage');
  v_secret text := app.new_secret('lmi_');
begin
  perform app.require_second_factor();
  if p_overlap is null or p_overlap not between '0' and '30 days' then
    perform app.fail(400, 'channel.bad_overlap', 'The old secret stays good for 0 to 30 days.');
  end if;
  update app.channel_secrets as s
  set previous_hash = s.inbound_hash, previous_until = now() + p_overlap, inbound_hash = sha256(convert_to(v_secret, 'UTF8'))
  where s.channel_id = p_channel_id;
  perform app.audit(v_channel.workspace_id, 'channel.secret_rotated', p_channel_id::text,
    jsonb_build_object('overlap', p_overlap));
  return v_secret;
end;
$$;

comment on function app.rotate_channel_secret(uuid, interval) is 'Behind public.rotate_channel_secret.';

create function app.update_channel(
  p_channel_id uuid, p_name text, p_ack_texts jsonb, p_unavailable_texts jsonb, p_default_language text, p_is_enabled boolean,
  p_not_answered_texts jsonb, p_passed_on_texts jsonb, p_attachment_texts jsonb, p_on_unanswered text
) returns public.channels
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_channel public.channels := app.lock_channel(p_channel_id, 'channels.manage');
begin
  v_channel.name := coalesce(btrim(p_name), v_channel.name);
  v_channel.ack_texts := coalesce(p_ack_texts, v_channel.ack_texts);
  v_channel.unavailable_texts := coalesce(p_unavailable_texts, v_channel.unavailable_texts);
  v_channel.not_answered_texts := coalesce(p_not_answered_texts, v_channel.not_answered_texts);
  v_channel.passed_on_texts := coalesce(p_passed_on_texts, v_channel.passed_on_texts);
  v_channel.attachment_texts := coalesce(p_attachment_texts, v_channel.attachment_texts);
  v_channel.on_unanswered := coalesce(p_on_unanswered, v_channel.on_unanswered);
  v_channel.default_language := coalesce(p_default_language, v_channel.default_language);
  v_channel.status := case
    when p_is_enabled then case v_channel.status when 'disabled' then 'active' else v_channel.status end
    when not p_is_enabled then 'disabled' else v_channel.status end;
  perform app.check_channel_texts(v_channel);
  update public.channels as c
  set name = v_channel.name, ack_texts = v_channel.ack_texts, unavailable_texts = v_channel.unavailable_texts,
    not_answered_texts = v_channel.not_answered_texts, passed_on_texts = v_channel.passed_on_texts,
    attachment_texts = v_channel.attachment_texts, on_unanswered = v_channel.on_unanswered,
    default_language = v_channel.default_language, status = v_channel.status
  where c.id = p_channel_id
  returning * into v_channel;
  return v_channel;
end;
$$;

comment on function app.update_channel(uuid, text, jsonb, jsonb, text, boolean, jsonb, jsonb, jsonb, text) is 'Behind public.update_channel.';

create function app.delete_channel(p_channel_id uuid) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_channel public.channels := app.lock_channel(p_channel_id, 'channels.manage');
begin
  perform app.require_second_factor();
  perform app.audit(v_channel.workspace_id, 'channel.deleted', p_channel_id::text, jsonb_build_object('name', v_channel.name));
  delete from public.channels as c where c.id = p_channel_id;
end;
$$;

comment on function app.delete_channel(uuid) is 'Behind public.delete_channel. Jobs that are left find nothing to send.';

revoke execute on function app.new_secret(text) from public, anon, authenticated, service_role;
revoke execute on function app.lock_channel(uuid, text) from public, anon, authenticated, service_role;
revoke execute on function app.is_texts(jsonb) from public, anon, authenticated, service_role;
revoke execute on function app.text_in(jsonb, text, text) from public, anon, authenticated, service_role;
revoke execute on function app.check_page_key(text) from public, anon, authenticated, service_role;
revoke execute on function app.check_channel_texts(public.channels) from public, anon, authenticated, service_role;
revoke execute on function app.create_channel(uuid, text, text, text) from public, anon, authenticated, service_role;
revoke execute on function app.check_channel_later(public.channels) from public, anon, authenticated, service_role;
revoke execute on function app.set_channel_key(uuid, text) from public, anon, authenticated, service_role;
revoke execute on function app.rotate_channel_secret(uuid, interval) from public, anon, authenticated, service_role;
revoke execute on function app.update_channel(uuid, text, jsonb, jsonb, text, boolean, jsonb, jsonb, jsonb, text)
  from public, anon, authenticated, service_role;
revoke execute on function app.delete_channel(uuid) from public, anon, authenticated, service_role;
grant execute on function app.text_in(jsonb, text, text) to lamina_worker;
grant execute on function app.create_channel(uuid, text, text, text) to authenticated;
grant execute on function app.set_channel_key(uuid, text) to authenticated;
grant execute on function app.rotate_channel_secret(uuid, interval) to authenticated;
grant execute on function app.update_channel(uuid, text, jsonb, jsonb, text, boolean, jsonb, jsonb, jsonb, text) to authenticated;
grant execute on function app.delete_channel(uuid) to authenticated;
