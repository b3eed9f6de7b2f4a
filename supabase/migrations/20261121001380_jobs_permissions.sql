-- Purpose:  whoever may not do a thing may not undo it by its job either; whoever may do it may do so where nobody began it.
-- Risk:     members without these permissions can no longer cancel, retry or delete these jobs.
-- Way back: update app.job_kinds set permission = null; app.permission_of_job selects the kind's permission only.
set local lock_timeout = '5s';

update app.job_kinds as k set permission = g.permission
from (values
  ('integrations', 'integrations.manage'),
  ('marketing', 'campaigns.write'),
  ('portfolio', 'portfolio.write'),
  ('sales', 'sales.write'),
  ('service', 'tickets.write'),
  ('social', 'social.write')
) as g (domain, permission)
where k.kind like g.domain || '.%';

update app.job_kinds as k set permission = g.permission
from (values
  ('messaging.deliver_webhook', 'webhooks.manage'),
  ('messaging.check_channel', 'channels.manage'),
  ('messaging.send_reply', 'channels.send')
) as g (kind, permission)
where k.kind = g.kind;

comment on column app.job_kinds.permission is
  'What a member needs to cancel, retry or delete such a job, beside being who started it or holding jobs.manage; of one that nobody started, it is enough. Null: nothing more.';

create or replace function app.permission_of_job(p_job public.jobs) returns text
language sql stable security definer set search_path = ''
begin atomic
  select coalesce(k.permission, case when (p_job).kind = 'knowledge.answer_question' and exists (
    select from public.messages as m where m.id = (p_job).subject_id and m.contact_id is not null) then 'channels.send' end)
  from app.job_kinds as k where k.kind = (p_job).kind;
end;

comment on function app.permission_of_job(public.jobs) is
  'What a member needs to change this job: what its kind asks for; for an answer to a contact, which goes out to them, channels.send. Null: nothing in particular. Internal.';

revoke execute on function app.permission_of_job(public.jobs) from public, anon, authenticated, service_role;
