-- Purpose:  all that was with a contact before, in one timeline: tickets, words, deals, campaigns.
-- Risk:     none, a new function only.
-- Way back: drop it.
set local lock_timeout = '5s';

create function public.contact_timeline(
  p_contact_id uuid, p_limit int default 50, p_before timestamptz default null, p_before_id uuid default null
) returns table (at timestamptz, id uuid, source text, kind text, body text, actor_id uuid, detail jsonb)
language plpgsql stable security invoker set search_path = '' rows 50 as $$
declare
  v_workspace_id uuid := (select c.workspace_id from public.contacts as c where c.id = p_contact_id);
  v_limit int := least(greatest(coalesce(p_limit, 50), 1), 200);
  v_at timestamptz := coalesce(p_before, 'infinity');
  v_id uuid := coalesce(p_before_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
begin
  if v_workspace_id is null then
    perform app.fail(404, 'contact.not_found', 'There is no such contact.');
  end if;
  return query
  (select e.created_at, e.id, 'ticket', e.kind, t.subject, e.actor_id,
     jsonb_build_object('ticket_id', t.id, 'number', t.number, 'from', e.from_value, 'to', e.to_value)
   from public.tickets as t cross join lateral (
     select o.* from public.ticket_events as o
     where o.ticket_id = t.id and o.kind in ('opened', 'status') and (o.created_at, o.id) < (v_at, v_id)
     order by o.created_at desc, o.id desc limit v_limit) as e
   where t.contact_id = p_contact_id order by e.created_at desc, e.id desc limit v_limit)
  union all
  (select m.created_at, m.id, 'ticket_message', m.kind, m.body, m.author_id, jsonb_build_object('ticket_id', t.id, 'number', t.number)
   from public.tickets as t cross join lateral (
     select o.* from public.ticket_messages as o where o.ticket_id = t.id and (o.created_at, o.id) < (v_at, v_id)
     order by o.created_at desc, o.id desc limit v_limit) as m
   where t.contact_id = p_contact_id order by m.created_at desc, m.id desc limit v_limit)
  union all
  (select m.created_at, m.id, 'conversation', m.role, m.content, m.created_by,
     jsonb_build_object('conversation_id', c.id, 'status', m.status)
   from public.conversations as c cross join lateral (
     select o.* from public.messages as o
     where o.conversation_id = c.id and o.contact_id is not null and (o.created_at, o.id) < (v_at, v_id)
       and not exists (select from public.ticket_messages as r where r.message_id = o.id)
     order by o.created_at desc, o.id desc limit v_limit) as m
   where c.contact_id = p_contact_id order by m.created_at desc, m.id desc limit v_limit)
  union all
  (select s.entered_at, s.key, 'deal', 'stage', d.title, s.moved_by, jsonb_build_object('deal_id', d.id, 'stage', s.stage_name)
   from public.deals as d cross join lateral (
     select o.*, lpad(to_hex(o.id), 32, '0')::uuid as key from public.deal_stage_stays as o where o.deal_id = d.id) as s
   where d.workspace_id = v_workspace_id and d.contact_id = p_contact_id and (s.entered_at, s.key) < (v_at, v_id)
   order by s.entered_at desc, s.key desc limit v_limit)
  union all
  (select r.sent_at, r.id, 'campaign', r.status, c.subject, null::uuid, jsonb_build_object(
     'campaign_id', r.campaign_id, 'opened_at', r.opened_at, 'clicked_at', r.clicked_at)
   from public.campaign_recipients as r left join public.campaigns as c on c.id = r.campaign_id
   where r.contact_id = p_contact_id and (r.sent_at, r.id) < (v_at, v_id)
   order by r.sent_at desc, r.id desc limit v_limit)
  order by 1 desc, 2 desc
  limit v_limit;
end;
$$;

comment on function public.contact_timeline(uuid, int, timestamptz, uuid) is
  'Newest first, what the reader may see of a contact''s past: their tickets (ticket: opened, status) and what members wrote into them (ticket_message), words on channels (conversation, with conversations.read_all), stages that their deals came to (deal), mails of campaigns (campaign, with what became of them). Next page: at and id of the last row. Error: contact.not_found.';

revoke execute on function public.contact_timeline(uuid, int, timestamptz, uuid) from public, anon, authenticated, service_role;
grant execute on function public.contact_timeline(uuid, int, timestamptz, uuid) to authenticated;
