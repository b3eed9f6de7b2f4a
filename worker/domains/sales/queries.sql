-- name: sweep
-- Has old scores computed again, and a job made for each workspace where something is requested.
select app.sweep_scores(make_interval(hours => %(hours)s), %(limit)s);

-- name: get_facts
-- What the rules look at, for the contacts of a workspace whose request is oldest.
select r.contact_id, r.requested_at, now() as read_at,
  c.email is not null as has_email, c.phone is not null as has_phone, c.company is not null as has_company,
  c.job_title, c.lifecycle, c.last_activity_at,
  array(select l.status from public.leads as l
        where l.workspace_id = c.workspace_id and l.contact_id = c.id) as leads,
  (select coalesce(jsonb_agg(jsonb_build_object('kind', s.kind, 'probability', s.probability)), '[]')
   from public.deals as d join public.stages as s on s.id = d.stage_id
   where d.workspace_id = c.workspace_id and d.contact_id = c.id) as deals,
  array(select m.created_at from public.messages as m
        where m.contact_id = c.id and m.role = 'user' and m.created_at > now() - interval '90 days'
        order by m.created_at desc limit 50) as messages,
  s.opinion_points, s.opinion_at
from app.score_requests as r
join public.contacts as c on c.id = r.contact_id
left join public.contact_scores as s on s.contact_id = c.id
where r.workspace_id = %(workspace_id)s
order by r.requested_at
limit %(limit)s;

-- name: save_scores
-- Writes them; what is left gets a job of its own.
select app.save_scores(%(workspace_id)s, %(version)s, %(scores)s);

-- name: get_dossier
-- What a model may see of a contact: no name, no address. No row when the contact is gone or it was switched off.
select c.job_title, c.company, c.country, c.lifecycle, s.factors,
  (select coalesce(jsonb_agg(jsonb_build_object('interest', l.interest, 'status', l.status, 'note', left(l.note, 1000))), '[]')
   from (select * from public.leads as o where o.workspace_id = c.workspace_id and o.contact_id = c.id
         order by o.created_at desc limit 10) as l) as leads
from public.contacts as c
join public.workspace_settings as w on w.workspace_id = c.workspace_id and w.lead_opinion
left join public.contact_scores as s on s.contact_id = c.id
where c.id = %(contact_id)s;

-- name: save_opinion
-- Keeps what a model said, and has the contact scored with it.
select app.save_opinion(%(contact_id)s, %(points)s, %(reason)s, %(model)s);
