-- Purpose:  whoever may not do a thing may not undo it by its job either.
-- Risk:     members without these permissions can no longer cancel, retry or delete these jobs.
-- Way back: update app.job_kinds set permission = null.
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

update app.job_kinds as k set permission = 'webhooks.manage' where k.kind = 'messaging.deliver_webhook';
