-- Purpose:  what members write into contacts, pipelines, stages, leads and deals is refused in words; boards and leads are watched.
-- Risk:     triggers on tables of sales; the guards fire for clients only, programs answer for themselves.
-- Way back: drop the functions of this file (cascade drops the triggers).
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- Guards. Who may not write is left to the policy: nobody learns here whether a contact or member exists.
------------------------------------------------------------------------------------------------
create function app.guard_contact() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_field text := case
    when length(new.name) not between 1 and 200 then 'name'
    when length(new.email) not between 3 and 254 then 'email'
    when length(new.phone) not between 3 and 40 then 'phone'
    when new.language !~ '^[a-z]{2,3}$' then 'language'
    when new.country !~ '^[A-Z]{2}$' then 'country'
    when (new.lifecycle in ('subscriber', 'lead', 'qualified', 'customer', 'lost')) is not true then 'lifecycle'
    when length(new.company) not between 1 and 200 then 'company'
    when length(new.job_title) not between 1 and 200 then 'job_title'
    when length(new.source) not between 1 and 100 then 'source'
    when (cardinality(new.tags) <= 50 and array_position(new.tags, null) is null and array_position(new.tags, '') is null
      and length(array_to_string(new.tags, '')) <= 2500) is not true then 'tags' end;
begin
  if not app.has_permission(new.workspace_id, 'contacts.write') then
    return new;
  elsif v_field is not null then
    perform app.fail(400, 'contact.bad_field', app.contact_field_rule(v_field));
  elsif new.owner_id is not null and not exists (
    select from public.workspace_members as m where m.workspace_id = new.workspace_id and m.user_id = new.owner_id) then
    perform app.fail(400, 'contact.bad_owner', 'Only a member of the workspace looks after a contact.');
  end if;
  return new;
end;
$$;

comment on function app.guard_contact() is 'Trigger: what a contact''s form may get wrong, in the words and with the code of an import.';

create trigger guard_contact before insert or update on public.contacts
  for each row when (current_user = 'authenticated') execute function app.guard_contact();
comment on trigger guard_contact on public.contacts is 'Members write contacts directly.';

create function app.guard_pipeline() returns trigger
language plpgsql volatile security invoker set search_path = '' as $$
begin
  if (length(btrim(new.name)) between 1 and 100) is not true then
    perform app.fail(400, 'pipeline.bad_name', 'A pipeline has a name of 1 to 100 characters.');
  end if;
  return new;
end;
$$;

comment on function app.guard_pipeline() is 'Trigger: a board has a name.';

create trigger guard_pipeline before update on public.pipelines
  for each row when (current_user = 'authenticated') execute function app.guard_pipeline();
comment on trigger guard_pipeline on public.pipelines is 'Members rename boards directly.';

create function app.guard_stage() returns trigger
language plpgsql volatile security invoker set search_path = '' as $$
begin
  if not app.has_permission(new.workspace_id, 'sales.write') then
    return new;
  elsif (length(btrim(new.name)) between 1 and 100) is not true then
    perform app.fail(400, 'stage.bad_name', 'A stage has a name of 1 to 100 characters.');
  elsif (new.kind in ('open', 'won', 'lost')) is not true then
    perform app.fail(400, 'stage.bad_kind', 'There is no such kind of stage.', 'Use open, won or lost.');
  elsif (new.probability between 0 and 100
    and (new.kind = 'open' or new.probability = case new.kind when 'won' then 100 else 0 end)) is not true then
    perform app.fail(400, 'stage.bad_probability', 'A chance is 0 to 100 percent; what is won has 100, what is lost 0.');
  elsif new.position is null then
    perform app.fail(400, 'stage.bad_position', 'A stage has a place in the order.');
  elsif not exists (select from public.pipelines as p where p.id = new.pipeline_id and p.workspace_id = new.workspace_id) then
    perform app.fail(404, 'pipeline.not_found', 'There is no such pipeline.');
  end if;
  return new;
end;
$$;

comment on function app.guard_stage() is 'Trigger: what a column''s form may get wrong.';

create trigger guard_stage before insert or update on public.stages
  for each row when (current_user = 'authenticated') execute function app.guard_stage();
comment on trigger guard_stage on public.stages is 'Members write columns directly.';

create function app.guard_lead() returns trigger
language plpgsql volatile security invoker set search_path = '' as $$
begin
  if not app.has_permission(new.workspace_id, 'sales.write') then
    return new;
  elsif (length(btrim(new.interest)) between 1 and 200) is not true then
    perform app.fail(400, 'lead.bad_interest', 'An interest has 1 to 200 characters.');
  elsif (new.status in ('new', 'working', 'qualified', 'unqualified', 'converted')) is not true then
    perform app.fail(400, 'lead.bad_status', 'There is no such state of a lead.', 'Use new, working, qualified or unqualified.');
  elsif (new.status = 'converted') <> (new.converted_at is not null) then
    perform app.fail(409, 'lead.conversion_only', 'A lead becomes a deal by converting it only, and for good.', 'Call convert_lead.');
  elsif length(new.source) not between 1 and 100 then
    perform app.fail(400, 'lead.bad_source', 'A source has 1 to 100 characters.');
  elsif (length(new.note) <= 4000) is not true then
    perform app.fail(400, 'lead.bad_note', 'A note has at most 4,000 characters.');
  elsif not exists (select from public.contacts as c where c.id = new.contact_id and c.workspace_id = new.workspace_id)
    or new.owner_id is not null and not exists (
      select from public.workspace_members as m where m.workspace_id = new.workspace_id and m.user_id = new.owner_id) then
    perform app.fail(404, 'lead.unknown_reference', 'There is no such contact or member in this workspace.');
  end if;
  return new;
end;
$$;

comment on function app.guard_lead() is 'Trigger: what a lead''s form may get wrong.';

create trigger guard_lead before insert or update on public.leads
  for each row when (current_user = 'authenticated') execute function app.guard_lead();
comment on trigger guard_lead on public.leads is 'Members write leads directly.';

create function app.guard_deal() returns trigger
language plpgsql volatile security invoker set search_path = '' as $$
begin
  if not app.has_permission(new.workspace_id, 'sales.write') then
    return new;
  elsif (length(btrim(new.title)) between 1 and 200 and new.currency ~ '^[A-Z]{3}$' and coalesce(new.amount >= 0, true)) is not true then
    perform app.fail(400, 'deal.bad_field', 'A deal has a title of 1 to 200 characters, no negative amount, a currency like EUR.');
  elsif length(new.lost_reason) not between 1 and 500 then
    perform app.fail(400, 'deal.bad_reason', 'A reason has 1 to 500 characters.');
  elsif new.contact_id is not null and not exists (
      select from public.contacts as c where c.id = new.contact_id and c.workspace_id = new.workspace_id)
    or new.owner_id is not null and not exists (
      select from public.workspace_members as m where m.workspace_id = new.workspace_id and m.user_id = new.owner_id) then
    perform app.fail(404, 'deal.unknown_reference', 'There is no such contact or member in this workspace.');
  end if;
  return new;
end;
$$;

comment on function app.guard_deal() is 'Trigger: what a deal''s form may get wrong, with the codes of create_deal.';

create trigger guard_deal before update on public.deals
  for each row when (current_user = 'authenticated') execute function app.guard_deal();
comment on trigger guard_deal on public.deals is 'Members change deals directly, but for their place.';

------------------------------------------------------------------------------------------------
-- Watched
------------------------------------------------------------------------------------------------
create function app.broadcast_sales() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_row jsonb := to_jsonb(case when tg_op = 'DELETE' then old else new end);
begin
  perform realtime.send(
    jsonb_strip_nulls(jsonb_build_object('id', v_row -> 'id', 'operation', tg_op, 'pipeline_id', v_row -> 'pipeline_id')),
    tg_argv[0], 'workspace:' || (v_row ->> 'workspace_id'), true);
  return null;
end;
$$;

comment on function app.broadcast_sales() is 'Trigger: a hint to members, without words: read the row. Its argument is the event.';

create trigger broadcast_change after insert or update or delete on public.pipelines
  for each row execute function app.broadcast_sales('pipeline');
comment on trigger broadcast_change on public.pipelines is 'A board that comes, goes or is retired is seen by who looks at another.';
create trigger broadcast_change after insert or update or delete on public.stages
  for each row execute function app.broadcast_sales('stage');
comment on trigger broadcast_change on public.stages is 'Columns move for everybody.';
create trigger broadcast_change after insert or update or delete on public.leads
  for each row execute function app.broadcast_sales('lead');
comment on trigger broadcast_change on public.leads is 'Lists of leads are watched as boards are.';

revoke execute on function app.guard_contact() from public, anon, authenticated, service_role;
revoke execute on function app.guard_pipeline() from public, anon, authenticated, service_role;
revoke execute on function app.guard_stage() from public, anon, authenticated, service_role;
revoke execute on function app.guard_lead() from public, anon, authenticated, service_role;
revoke execute on function app.guard_deal() from public, anon, authenticated, service_role;
revoke execute on function app.broadcast_sales() from public, anon, authenticated, service_role;
