-- name: purge_jobs
-- Deletes a batch of jobs that ended long ago; how many they were.
select app.purge_jobs(make_interval(days => %(days)s), %(limit)s) as purged;

-- name: purge_activity
-- Deletes a batch of what was done long ago; how many rows.
select app.purge_activity(make_interval(days => %(days)s), %(limit)s) as purged;
