-- Purpose:  what a channel without a good key could not do is done once it has one.
-- Risk:     none, new functions only.
-- Way back: drop the functions of this file; app.channel_checked (000865) calls them no more.
set local lock_timeout = '5s';

create function app.requeue_refused(p_channel public.channels) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_ids uuid[];
  v_delivery public.message_deliveries;
begin
  with again as (
    update public.message_deliveries as d set status = 'queued', error_code = null, error_message = null
    where d.channel_id = p_channel.id and d.status = 'failed' and d.created_at > now() - interval '24 hours'
      and d.error_code in ('channel.broken', 'channel.no_key', 'provider.unauthorised')
    returning d.id
  )
  select array_agg(again.id) into v_ids from again;
  if v_ids is null then
    return;
  end if;
  for v_delivery in
    select d.* from public.message_deliveries as d join public.messages as m on m.id = d.message_id
    where d.id = any (v_ids)
    order by m.seq
  loop
    perform app.enqueue_delivery(v_delivery);
  end loop;
  perform app.audit(p_channel.workspace_id, 'channel.replies_requeued', p_channel.id::text,
    jsonb_build_object('count', cardinality(v_ids)));
end;
$$;

comment on function app.requeue_refused(public.channels) is
  'What the want of a good key has stopped within a day goes out after all, in the order of the messages: nothing of it was delivered. Rows are locked before ordering keys, as by who sends one again. Internal.';

create function app.ask_refused_again(p_channel public.channels) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_answer public.messages;
  v_job_id bigint;
  v_count int := 0;
begin
  for v_answer in
    select m.* from public.conversations as c join public.messages as m on m.conversation_id = c.id
    where c.channel_id = p_channel.id and c.updated_at > now() - interval '24 hours'
      and m.role = 'assistant' and m.status = 'failed' and m.error_code = 'channel.broken'
      and m.created_at > now() - interval '24 hours' and not app.is_left_to_people(c.id)
    order by m.seq
    for no key update of m
  loop
    begin
      perform app.require_entitlement(p_channel.workspace_id, 'channels');
      v_job_id := app.enqueue('knowledge.answer_question', p_channel.workspace_id, v_answer.id,
        p_ordering_key => format('conversation:%s', v_answer.conversation_id));
      perform app.consume(p_channel.workspace_id, 'requests', 1, v_job_id);
    exception when sqlstate 'PT402' then
      exit;
    end;
    update public.messages as m
    set status = 'pending', job_id = v_job_id, error_code = null, error_message = null, finished_at = null
    where m.id = v_answer.id;
    v_count := v_count + 1;
  end loop;
  if v_count > 0 then
    perform app.audit(p_channel.workspace_id, 'channel.questions_asked_again', p_channel.id::text, jsonb_build_object('count', v_count));
  end if;
end;
$$;

comment on function app.ask_refused_again(public.channels) is
  'Answers that a broken channel has not begun within a day begin now, unless people answer there. Each costs a request: in order, as far as the plan has room. Internal.';

revoke execute on function app.requeue_refused(public.channels) from public, anon, authenticated, service_role;
revoke execute on function app.ask_refused_again(public.channels) from public, anon, authenticated, service_role;
