-- name: list_abandoned
-- Files in the folder of a workspace that is gone.
select path from app.abandoned_assets(%(workspace_id)s, %(limit)s) as path;
