-- name: refresh_dashboard
-- Adds up anew, and tells those who look if something is different.
select app.refresh_dashboard(%(workspace_id)s, %(domain)s);
