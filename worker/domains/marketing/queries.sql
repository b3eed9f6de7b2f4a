-- name: start
-- Chooses the recipients of a campaign whose time has come; again it does nothing.
select app.start_campaign(%(campaign_id)s) as status;

-- name: open_batch
-- What the mails of a batch are made of; no row when the campaign is not being sent.
select * from app.open_campaign_batch(%(campaign_id)s, %(batch)s, %(provider)s);

-- name: take_tokens
-- Seconds to wait under the workspace's own limit; beyond the patience none is taken.
select app.take_tokens(%(bucket)s, %(rate)s, %(burst)s, %(tokens)s, %(patience)s) as wait;

-- name: begin_mails
-- To be committed before the provider hears of them: the next mails, each asked for consent now.
select * from app.begin_campaign_mails(%(campaign_id)s, %(batch)s, %(count)s);

-- name: settle_mails
-- What became of them.
select app.settle_campaign_mails(%(results)s);

-- name: batch_wait
-- Seconds until somebody of the batch is due; null when nobody waits.
select app.campaign_batch_wait(%(campaign_id)s, %(batch)s) as wait;

-- name: roll_up
-- Counts a campaign's recipients.
select app.roll_up_campaign(%(campaign_id)s);
