-- Purpose:  messages of people outside come in: secret, duplicates, contact, conversation, question, job, quota.
-- Risk:     none, new functions only.
-- Way back: drop the functions of this file.
set local lock_timeout = '5s';

create function app.admit_inbound(p_channel_id uuid, p_secret text) returns public.channels
language plpgsql stable security definer set search_path = '' as $$
declare
  v_channel public.channels;
  v_hash bytea := sha256(convert_to(p_secret, 'UTF8'));
begin
  select c.* into v_channel
  from public.channels as c join app.channel_secrets as s on s.channel_id = c.id
  where c.id = p_channel_id
    and (s.inbound_hash = v_hash or s.previous_hash = v_hash and s.previous_until > now());
  if not found then
    perform app.fail(401, 'channel.unauthorised', 'There is no such channel, or the secret is not its.');
  elsif v_channel.status = 'disabled' then
    perform app.fail(403, 'channel.disabled', 'This channel is switched off.');
  end if;
  return v_channel;
end;
$$;

comment on function app.admit_inbound(uuid, text) is 'The channel whose secret this is, or 401: which of both was wrong is not told. Internal.';

create function app.identify_contact(p_channel public.channels, p_message jsonb) returns public.contacts
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_contact public.contacts;
  v_given public.contacts;
begin
  v_given.name := nullif(left(btrim(p_message ->> 'name'), 200), '');
  v_given.email := substring(p_message ->> 'email' from '^\S{3,254}$');
  v_given.phone := substring(p_message ->> 'phone' from '^\S.{1,38}\S$');
  v_given.language := substring(p_message ->> 'language' from '^[a-z]{2,3}$');
  update public.contact_identities as i set last_inbound_at = now()
  where i.channel_id = p_channel.id and i.subscriber_id = p_message ->> 'subscriber_id'
  returning i.contact_id into v_contact.id;
  if not found then
    insert into public.contacts (workspace_id, name, email, phone, language)
    values (p_channel.workspace_id, v_given.name, v_given.email, v_given.phone, v_given.language)
    returning * into v_contact;
    insert into public.contact_identities (channel_id, subscriber_id, workspace_id, contact_id)
    values (p_channel.id, p_message ->> 'subscriber_id', p_channel.workspace_id, v_contact.id);
    return v_contact;
  end if;
  -- What members wrote stands: the channel only fills what is missing.
  update public.contacts as c
  set name = coalesce(c.name, v_given.name), email = coalesce(c.email, v_given.email), phone = coalesce(c.phone, v_given.phone),
    language = coalesce(c.language, v_given.language)
  where c.id = v_contact.id
    and (c.name is null and v_given.name is not null or c.email is null and v_given.email is not null
      or c.phone is null and v_given.phone is not null or c.language is null and v_given.language is not null);
  select * into v_contact from public.contacts as c where c.id = v_contact.id;
  v_contact.language := coalesce(v_given.language, v_contact.language);
  return v_contact;
end;
$$;

comment on function app.identify_contact(public.channels, jsonb) is
  'The contact who wrote, made at the first message; in the language of this message. The caller holds the person''s lock. Internal.';

create function app.is_first_seen(p_channel_id uuid, p_message jsonb) returns boolean
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_said text := encode(sha256(convert_to(p_message ->> 'text', 'UTF8')), 'hex');
  v_key text := case
    when p_message ->> 'message_id' is not null then 'id:' || left(p_message ->> 'message_id', 200)
    else concat_ws(':', 'text', p_message ->> 'subscriber_id', v_said, left(p_message ->> 'last_interaction', 60)) end;
  v_can_repeat boolean := p_message ->> 'message_id' is null and p_message ->> 'last_interaction' is null;
begin
  insert into app.inbound_messages as i (channel_id, dedupe_key) values (p_channel_id, v_key)
  on conflict (channel_id, dedupe_key) do update set received_at = clock_timestamp()
    where v_can_repeat and i.received_at < clock_timestamp() - interval '10 seconds';
  return found;
end;
$$;

comment on function app.is_first_seen(uuid, jsonb) is
  'False for what came before: by the message''s id, else by person, text and last_interaction; without either, the same words within 10 seconds. Internal.';

create function app.conversation_of(p_channel public.channels, p_contact public.contacts, p_title text) returns uuid
language sql volatile security definer set search_path = ''
begin atomic
  insert into public.conversations as c (workspace_id, title, created_by, contact_id, channel_id)
  values ((p_channel).workspace_id, pg_catalog.left(coalesce((p_contact).name, p_title), 200), null, (p_contact).id, (p_channel).id)
  on conflict (channel_id, contact_id) where channel_id is not null do update set updated_at = pg_catalog.now()
  returning c.id;
end;

comment on function app.conversation_of(public.channels, public.contacts, text) is 'A contact has one conversation on a channel. Internal.';

create function app.is_left_to_people(p_conversation_id uuid) returns boolean
language sql stable security definer set search_path = ''
begin atomic
  select false;
end;

comment on function app.is_left_to_people(uuid) is 'Whether the model keeps silent in a contact''s conversation; tickets, which come later, decide. Internal.';

create function app.keep_inbound(p_channel public.channels, p_contact public.contacts, p_text text) returns public.messages
language sql volatile security definer set search_path = ''
begin atomic
  insert into public.messages (workspace_id, conversation_id, role, content, contact_id)
  values ((p_channel).workspace_id, app.conversation_of(p_channel, p_contact, p_text), 'user', p_text, (p_contact).id)
  returning *;
end;

comment on function app.keep_inbound(public.channels, public.contacts, text) is 'The message, in the contact''s conversation on the channel. Internal.';

create function app.ask_for_contact(p_channel public.channels, p_question public.messages) returns public.messages
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_answer public.messages;
begin
  if app.is_left_to_people(p_question.conversation_id) then
    return null;
  end if;
  v_answer.id := gen_random_uuid();
  if p_channel.status = 'broken' then
    v_answer.error_code := 'channel.broken';
    v_answer.error_message := 'The vendor refused the channel''s key; set a new one.';
  else
    begin
      perform app.require_entitlement(p_channel.workspace_id, 'channels');
      v_answer.job_id := app.enqueue('knowledge.answer_question', p_channel.workspace_id, v_answer.id,
        p_ordering_key => format('conversation:%s', p_question.conversation_id));
      perform app.consume(p_channel.workspace_id, 'requests', 1, v_answer.job_id);
    exception when sqlstate 'PT402' then
      get stacked diagnostics v_answer.error_code = pg_exception_detail, v_answer.error_message = message_text;
      v_answer.job_id := null;
    end;
  end if;
  insert into public.messages (
    id, workspace_id, conversation_id, role, status, reply_to, job_id, error_code, error_message, finished_at, contact_id)
  values (
    v_answer.id, p_channel.workspace_id, p_question.conversation_id, 'assistant',
    case when v_answer.job_id is null then 'failed' else 'pending' end, p_question.id, v_answer.job_id,
    v_answer.error_code, v_answer.error_message, case when v_answer.job_id is null then now() end, p_question.contact_id)
  returning * into v_answer;
  return v_answer;
end;
$$;

comment on function app.ask_for_contact(public.channels, public.messages) is
  'The answer to be. On a broken channel, which could not send it, and without room in the plan it has failed at once; nothing is spent then. Null where people answer. Internal.';

create function app.words_of(p_message jsonb) returns text
language sql immutable parallel safe set search_path = ''
return case
  when length(p_message ->> 'text') between 1 and 8000 and p_message ->> 'text' ~ '\S' then p_message ->> 'text'
  when p_message ->> 'text' is null and p_message ->> 'attachment' in ('image', 'audio', 'video', 'file', 'attachment')
    then format('[%s]', p_message ->> 'attachment') end;

comment on function app.words_of(jsonb) is 'What was written, or the kind of what was sent without words, as [image]; null for what is no message. Internal.';

create function app.bound_inbound(p_channel public.channels, p_subscriber_id text, p_text text) returns void
language plpgsql volatile security definer set search_path = '' as $$
begin
  if app.take_tokens(format('inbound-person:%s:%s', p_channel.id, p_subscriber_id), 20 / 60.0, 30) > 0
    or app.take_tokens('inbound-channels:' || p_channel.workspace_id, 67108864 / 86400.0, 67108864,
      greatest(1024, octet_length(p_text)) * (1 + (
        select count(*) from public.webhook_endpoints as e
        where e.workspace_id = p_channel.workspace_id and e.status = 'active' and 'message.received' = any (e.events)))) > 0
  then
    perform app.fail(429, 'channel.too_many', 'A person writes up to 20 messages a minute, a workspace takes 64 MiB of them a day.',
      'Send it again in a minute.');
  end if;
end;
$$;

comment on function app.bound_inbound(public.channels, text, text) is
  'Refuses floods: of one person, and of bytes that one workspace keeps, copies for its webhooks among them. Last of all, since it locks for the whole workspace. Internal.';

create function app.receive_manychat(p_channel_id uuid, p_secret text, p_message jsonb) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_channel public.channels := app.admit_inbound(p_channel_id, p_secret);
  v_contact public.contacts;
  v_question public.messages;
  v_answer public.messages;
  v_text text := app.words_of(p_message);
  v_is_read boolean := p_message ->> 'text' is not null;
begin
  if (p_message ->> 'subscriber_id' ~ '^[0-9]{1,20}$' and v_text is not null) is not true then
    perform app.fail(400, 'channel.bad_message', 'A message needs the number of its subscriber and 1 to 8,000 characters of text.');
  end if;
  -- One at a time for one person, in the order of this lock: their order in the conversation and of the replies.
  perform app.lock_ordering_key(format('inbound:%s:%s', p_channel_id, p_message ->> 'subscriber_id'));
  v_contact := app.identify_contact(v_channel, p_message);
  if app.is_first_seen(p_channel_id, p_message || jsonb_build_object('text', v_text)) then
    v_question := app.keep_inbound(v_channel, v_contact, v_text);
    if v_is_read then
      v_answer := app.ask_for_contact(v_channel, v_question);
    end if;
    perform app.tell_received(v_channel, v_contact, v_question);
    perform app.bound_inbound(v_channel, p_message ->> 'subscriber_id', v_text);
  end if;
  return jsonb_build_object(
    'outcome', case when v_question.id is null then 'duplicate' when not v_is_read then 'unread'
      when v_answer.status = 'failed' then 'unavailable' else 'accepted' end,
    'text', app.text_in(
      case when not v_is_read then v_channel.attachment_texts when v_answer.status = 'failed' then v_channel.unavailable_texts
        else v_channel.ack_texts end,
      v_contact.language, v_channel.default_language));
end;
$$;

comment on function app.receive_manychat(uuid, text, jsonb) is 'Behind public.receive_manychat.';

create function app.tell_received(p_channel public.channels, p_contact public.contacts, p_question public.messages) returns void
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform realtime.send(
    jsonb_build_object('conversation_id', p_question.conversation_id, 'message_id', p_question.id, 'channel_id', p_channel.id),
    'conversation.message', 'workspace:' || p_channel.workspace_id, true);
  perform app.emit_webhook(p_channel.workspace_id, 'message.received', jsonb_build_object(
    'message_id', p_question.id, 'conversation_id', p_question.conversation_id, 'channel_id', p_channel.id, 'text', p_question.content,
    'contact', jsonb_build_object('id', p_contact.id, 'name', p_contact.name, 'phone', p_contact.phone)));
end;
$$;

comment on function app.tell_received(public.channels, public.contacts, public.messages) is
  'A hint to members, without words; a copy to the customer''s webhooks. Internal.';

revoke execute on function app.admit_inbound(uuid, text) from public, anon, authenticated, service_role;
revoke execute on function app.identify_contact(public.channels, jsonb) from public, anon, authenticated, service_role;
revoke execute on function app.is_first_seen(uuid, jsonb) from public, anon, authenticated, service_role;
revoke execute on function app.conversation_of(public.channels, public.contacts, text) from public, anon, authenticated, service_role;
revoke execute on function app.is_left_to_people(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.keep_inbound(public.channels, public.contacts, text) from public, anon, authenticated, service_role;
revoke execute on function app.ask_for_contact(public.channels, public.messages) from public, anon, authenticated, service_role;
revoke execute on function app.words_of(jsonb) from public, anon, authenticated, service_role;
revoke execute on function app.receive_manychat(uuid, text, jsonb) from public, anon, authenticated, service_role;
revoke execute on function app.bound_inbound(public.channels, text, text) from public, anon, authenticated, service_role;
revoke execute on function app.tell_received(public.channels, public.contacts, public.messages) from public, anon, authenticated, service_role;
grant execute on function app.receive_manychat(uuid, text, jsonb) to service_role;
