-- Purpose:  writing scores, decay, override, a model's opinion.
-- Risk:     none, new functions only.
-- Way back: drop the functions of this file.
set local lock_timeout = '5s';

------------------------------------------------------------------------------------------------
-- The worker's side
------------------------------------------------------------------------------------------------
create function app.enqueue_scoring(p_workspace_id uuid) returns bigint
language sql volatile security definer set search_path = ''
begin atomic
  select app.enqueue('sales.score_contacts', p_workspace_id, p_dedupe_key => 'scores:' || p_workspace_id);
end;

comment on function app.enqueue_scoring(uuid) is 'One job per workspace does all that is requested there. Internal.';

create function app.sweep_scores(p_age interval, p_limit int) returns int
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_count int;
begin
  perform app.request_scores(array(
    select s.contact_id from public.contact_scores as s
    where s.computed_at < now() - p_age and not exists (select from app.score_requests as r where r.contact_id = s.contact_id)
    order by s.computed_at limit p_limit));
  select count(app.enqueue_scoring(w.workspace_id)) into v_count
  from (select distinct r.workspace_id from app.score_requests as r order by 1) as w;
  return v_count;
end;
$$;

comment on function app.sweep_scores(interval, int) is
  'Decay: has scores older than this computed again, at most so many a call; then a job for each workspace where something is requested. Returns how many jobs.';

create function app.save_scores(p_workspace_id uuid, p_rules_version int, p_scores jsonb) returns boolean
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_changed int;
begin
  perform from public.contacts as c
  where c.workspace_id = p_workspace_id and c.id in (select (s.value ->> 'contact_id')::uuid from jsonb_array_elements(p_scores) as s)
  order by c.id for no key update;
  with given as (
    select g.* from jsonb_to_recordset(p_scores) as g (contact_id uuid, requested_at timestamptz, score int, factors jsonb)
    join public.contacts as c on c.id = g.contact_id and c.workspace_id = p_workspace_id
  ), noted as (
    insert into public.lead_scores (workspace_id, contact_id, score, cause, factors, rules_version)
    select p_workspace_id, g.contact_id, g.score, 'rules', g.factors, p_rules_version
    from given as g left join public.contact_scores as s on s.contact_id = g.contact_id
    where s.score is distinct from g.score
  ), saved as (
    insert into public.contact_scores as s (contact_id, workspace_id, score, factors, rules_version, computed_at)
    select g.contact_id, p_workspace_id, g.score, g.factors, p_rules_version, now() from given as g
    on conflict (contact_id) do update
    set score = excluded.score, factors = excluded.factors, rules_version = excluded.rules_version, computed_at = excluded.computed_at
    returning s.contact_id, coalesce(s.override_score, s.score) as score
  ), shown as (
    update public.contacts as c set lead_score = s.score
    from saved as s where c.id = s.contact_id and c.lead_score is distinct from s.score
    returning 1
  ), done as (
    delete from app.score_requests as r using given as g
    where r.contact_id = g.contact_id and r.requested_at = g.requested_at
  )
  select count(*) into v_changed from shown;
  if v_changed > 0 then
    perform realtime.send(jsonb_build_object('changed', v_changed), 'scores', 'workspace:' || p_workspace_id, true);
  end if;
  if exists (select from app.score_requests as r where r.workspace_id = p_workspace_id) then
    perform app.enqueue_scoring(p_workspace_id);
    return true;
  end if;
  return false;
end;
$$;

comment on function app.save_scores(uuid, int, jsonb) is
  'Writes computed scores: an array of {contact_id, requested_at, score, factors}. An override stays, changed scores go to the history, requests newer than requested_at stay. True when more is to be done: the next job is on its way.';

create function app.save_opinion(p_contact_id uuid, p_points int, p_reason text, p_model text) returns void
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform from public.contacts as c where c.id = p_contact_id for no key update;
  insert into public.contact_scores as s (contact_id, workspace_id, opinion_points, opinion_reason, opinion_model, opinion_at)
  select c.id, c.workspace_id, p_points, left(p_reason, 1000), p_model, now() from public.contacts as c where c.id = p_contact_id
  on conflict (contact_id) do update
  set opinion_points = excluded.opinion_points, opinion_reason = excluded.opinion_reason, opinion_model = excluded.opinion_model,
    opinion_at = excluded.opinion_at;
  perform app.request_scores(array[p_contact_id]);
  perform app.enqueue_scoring(c.workspace_id) from public.contacts as c where c.id = p_contact_id;
end;
$$;

comment on function app.save_opinion(uuid, int, text, text) is 'Keeps what a model said, and has the contact scored with it.';

------------------------------------------------------------------------------------------------
-- A seller's side
------------------------------------------------------------------------------------------------
create function app.lock_contact_for_sales(p_contact_id uuid) returns public.contacts
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_contact public.contacts;
begin
  select * into v_contact from public.contacts as c
  where c.id = p_contact_id and c.workspace_id = any (array(select app.workspaces_with('contacts.read')))
  for no key update;
  if not found then
    perform app.fail(404, 'contact.not_found', 'There is no such contact.');
  end if;
  perform app.require_permission(v_contact.workspace_id, 'sales.write');
  return v_contact;
end;
$$;

comment on function app.lock_contact_for_sales(uuid) is 'The contact, locked, for who may sell; else 404 or 403. Internal.';

create function app.override_score(p_contact_id uuid, p_score int, p_reason text) returns public.contact_scores
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_contact public.contacts := app.lock_contact_for_sales(p_contact_id);
  v_score public.contact_scores;
begin
  if p_score not between 0 and 100 or length(btrim(p_reason)) not between 1 and 500 or p_score is not null and p_reason is null then
    perform app.fail(400, 'score.bad_override', 'A score is 0 to 100, and its reason has 1 to 500 characters.');
  end if;
  insert into public.contact_scores as s (contact_id, workspace_id, override_score, override_reason, override_by, override_at)
  values (p_contact_id, v_contact.workspace_id, p_score, case when p_score is not null then p_reason end,
    case when p_score is not null then app.user_id() end, case when p_score is not null then now() end)
  on conflict (contact_id) do update
  set override_score = excluded.override_score, override_reason = excluded.override_reason,
    override_by = excluded.override_by, override_at = excluded.override_at
  returning * into v_score;
  update public.contacts as c set lead_score = coalesce(p_score, v_score.score) where c.id = p_contact_id;
  insert into public.lead_scores (workspace_id, contact_id, score, cause, factors, created_by)
  values (v_contact.workspace_id, p_contact_id, coalesce(p_score, v_score.score), case when p_score is null then 'cleared' else 'override' end,
    case when p_score is null then v_score.factors
      else jsonb_build_array(jsonb_build_object('name', 'override', 'points', p_score, 'detail', p_reason)) end, app.user_id());
  perform realtime.send(jsonb_build_object('changed', 1), 'scores', 'workspace:' || v_contact.workspace_id, true);
  return v_score;
end;
$$;

comment on function app.override_score(uuid, int, text) is 'Behind public.override_score and public.clear_score_override (null).';

create function app.score_contact(p_contact_id uuid) returns bigint
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_contact public.contacts := app.lock_contact_for_sales(p_contact_id);
begin
  perform app.request_scores(array[p_contact_id]);
  return app.enqueue_scoring(v_contact.workspace_id);
end;
$$;

comment on function app.score_contact(uuid) is 'Behind public.score_contact.';

create function app.ask_score_opinion(p_contact_id uuid) returns bigint
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_contact public.contacts := app.lock_contact_for_sales(p_contact_id);
  v_key text := 'opinion:' || p_contact_id;
  v_job_id bigint;
begin
  if not exists (select from public.workspace_settings as s where s.workspace_id = v_contact.workspace_id and s.lead_opinion) then
    perform app.fail(409, 'score.opinion_off', 'In this workspace no language model is asked about contacts.',
      'An owner or admin can switch it on: workspace_settings.lead_opinion.');
  end if;
  select j.id into v_job_id from public.jobs as j where j.dedupe_key = v_key and j.gate <> 'closed';
  if not found then
    v_job_id := app.enqueue('sales.ask_opinion', v_contact.workspace_id, p_contact_id, '{}', v_key);
    perform app.consume(v_contact.workspace_id, 'requests', 1, v_job_id);
  end if;
  return v_job_id;
end;
$$;

comment on function app.ask_score_opinion(uuid) is 'Behind public.ask_score_opinion. The locked contact keeps a second call from paying twice.';

create function public.override_score(p_contact_id uuid, p_score int, p_reason text) returns public.contact_scores
language plpgsql volatile security invoker set search_path = '' as $$
begin
  if p_score is null then
    perform app.fail(400, 'score.bad_override', 'A score is 0 to 100, and its reason has 1 to 500 characters.');
  end if;
  return app.override_score(p_contact_id, p_score, p_reason);
end;
$$;

comment on function public.override_score(uuid, int, text) is
  'Sets a contact''s score by hand, with a reason. It stays, whatever the rules say, until clear_score_override. Errors: contact.not_found, score.bad_override, workspace.forbidden.';

create function public.clear_score_override(p_contact_id uuid) returns public.contact_scores
language sql volatile security invoker set search_path = '' as $$
  select * from app.override_score(p_contact_id, null, null);
$$;

comment on function public.clear_score_override(uuid) is 'Gives a contact''s score back to the rules. Errors: contact.not_found, workspace.forbidden.';

create function public.score_contact(p_contact_id uuid) returns bigint
language sql volatile security invoker set search_path = ''
begin atomic
  select app.score_contact(p_contact_id);
end;

comment on function public.score_contact(uuid) is
  'Has a contact scored now instead of within a minute; returns the job. Errors: contact.not_found, workspace.forbidden.';

create function public.ask_score_opinion(p_contact_id uuid) returns bigint
language sql volatile security invoker set search_path = ''
begin atomic
  select app.ask_score_opinion(p_contact_id);
end;

comment on function public.ask_score_opinion(uuid) is
  'Asks the language model what it thinks of a contact; returns the job, whose failure leaves the score as it is. Counts as a request. Errors: contact.not_found, score.opinion_off, quota.exceeded, workspace.forbidden.';

revoke execute on function app.enqueue_scoring(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.sweep_scores(interval, int) from public, anon, authenticated, service_role;
revoke execute on function app.save_scores(uuid, int, jsonb) from public, anon, authenticated, service_role;
revoke execute on function app.save_opinion(uuid, int, text, text) from public, anon, authenticated, service_role;
revoke execute on function app.lock_contact_for_sales(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.override_score(uuid, int, text) from public, anon, authenticated, service_role;
revoke execute on function app.score_contact(uuid) from public, anon, authenticated, service_role;
revoke execute on function app.ask_score_opinion(uuid) from public, anon, authenticated, service_role;
revoke execute on function public.override_score(uuid, int, text) from public, anon, authenticated, service_role;
revoke execute on function public.clear_score_override(uuid) from public, anon, authenticated, service_role;
revoke execute on function public.score_contact(uuid) from public, anon, authenticated, service_role;
revoke execute on function public.ask_score_opinion(uuid) from public, anon, authenticated, service_role;
grant execute on function app.sweep_scores(interval, int) to lamina_worker;
grant execute on function app.save_scores(uuid, int, jsonb) to lamina_worker;
grant execute on function app.save_opinion(uuid, int, text, text) to lamina_worker;
grant execute on function app.override_score(uuid, int, text) to authenticated;
grant execute on function app.score_contact(uuid) to authenticated;
grant execute on function app.ask_score_opinion(uuid) to authenticated;
grant execute on function public.override_score(uuid, int, text) to authenticated;
grant execute on function public.clear_score_override(uuid) to authenticated;
grant execute on function public.score_contact(uuid) to authenticated;
grant execute on function public.ask_score_opinion(uuid) to authenticated;
