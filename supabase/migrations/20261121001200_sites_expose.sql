-- Purpose:  templates and sites as clients call them; the catalogue.
-- Risk:     none, new functions and rows only.
-- Way back: drop the functions of this file; delete the templates without workspace.
set local lock_timeout = '5s';

create function public.create_template(
  p_workspace_id uuid, p_kind text, p_name text, p_content jsonb, p_description text default ''
) returns public.templates
language sql volatile security invoker set search_path = ''
begin atomic
  select * from app.create_template(p_workspace_id, p_kind, p_name, p_content, p_description);
end;

comment on function public.create_template(uuid, text, text, jsonb, text) is
  'Makes a template of the workspace. Errors: site.bad_name, site.bad_content, site.bad_paths, template.bad_kind, template.bad_description, template.too_many, workspace.forbidden.';

create function public.save_template(
  p_template_id uuid, p_content jsonb, p_expected_version int
) returns public.templates
language sql volatile security invoker set search_path = ''
begin atomic
  select * from app.save_template(p_template_id, p_content, p_expected_version);
end;

comment on function public.save_template(uuid, jsonb, int) is
  'Appends a version if the newest is still the expected one; sites made from it stay as they are. Errors: template.not_found, template.read_only, template.version_conflict, site.bad_content, site.bad_paths, workspace.forbidden.';

create function public.rename_template(
  p_template_id uuid, p_name text, p_description text default null
) returns public.templates
language sql volatile security invoker set search_path = ''
begin atomic
  select * from app.rename_template(p_template_id, p_name, p_description);
end;

comment on function public.rename_template(uuid, text, text) is
  'Gives a template of the workspace another name and, unless it is null, another description; its version stays. Errors: template.not_found, template.read_only, template.bad_description, site.bad_name, workspace.forbidden.';

create function public.delete_template(p_template_id uuid) returns void
language sql volatile security invoker set search_path = ''
begin atomic
  select app.delete_template(p_template_id);
end;

comment on function public.delete_template(uuid) is
  'Deletes a template of the workspace; sites made from it stay. Errors: template.not_found, template.read_only, workspace.forbidden.';

create function public.fork_template(
  p_template_id uuid, p_workspace_id uuid, p_name text, p_slug text, p_version int default null
) returns public.sites
language sql volatile security invoker set search_path = ''
begin atomic
  select * from app.fork_template(p_template_id, p_workspace_id, p_name, p_slug, p_version);
end;

comment on function public.fork_template(uuid, uuid, text, text, int) is
  'Makes a site from a template of the kind site, of the catalogue or of the workspace, from its newest version or the one named. Errors: template.not_found, template.wrong_kind, site.bad_name, site.bad_slug, site.slug_taken, site.too_many, workspace.forbidden.';

create function public.save_site(p_site_id uuid, p_content jsonb, p_expected_version int) returns public.sites
language sql volatile security invoker set search_path = ''
begin atomic
  select * from app.save_site(p_site_id, p_content, p_expected_version);
end;

comment on function public.save_site(uuid, jsonb, int) is
  'Appends a version if the newest is still the expected one; the world sees it when it is published. Errors: site.not_found, site.version_conflict, site.bad_content, site.bad_paths, workspace.forbidden.';

create function public.add_site_page(p_site_id uuid, p_template_id uuid, p_path text, p_expected_version int) returns public.sites
language sql volatile security invoker set search_path = ''
begin atomic
  select * from app.add_site_page(p_site_id, p_template_id, p_path, p_expected_version);
end;

comment on function public.add_site_page(uuid, uuid, text, int) is
  'Puts a layout into a site as a new page, as the site''s next version. Errors: site.not_found, site.bad_paths, site.bad_content, site.version_conflict, template.not_found, template.wrong_kind, workspace.forbidden.';

create function public.rename_site(p_site_id uuid, p_name text, p_slug text) returns public.sites
language sql volatile security invoker set search_path = ''
begin atomic
  select * from app.rename_site(p_site_id, p_name, p_slug);
end;

comment on function public.rename_site(uuid, text, text) is
  'Changes name and address; the world sees both from the next publication on. Errors: site.not_found, site.bad_name, site.bad_slug, site.slug_taken, workspace.forbidden.';

create function public.delete_site(p_site_id uuid) returns void
language sql volatile security invoker set search_path = ''
begin atomic
  select app.delete_site(p_site_id);
end;

comment on function public.delete_site(uuid) is
  'Deletes a site with its versions and publications. Errors: site.not_found, workspace.forbidden.';

create function public.publish_site(p_site_id uuid, p_version int default null) returns public.site_snapshots
language sql volatile security invoker set search_path = ''
begin atomic
  select * from app.publish_site(p_site_id, p_version);
end;

comment on function public.publish_site(uuid, int) is
  'Publishes the newest version, or the one named, in the place of what was published before; the same again changes nothing. The world reads site_snapshots by live_slug. Errors: site.not_found, site.version_not_found, site.broken_link, site.missing_picture, site.slug_taken, workspace.forbidden.';

create function public.unpublish_site(p_site_id uuid) returns public.sites
language sql volatile security invoker set search_path = ''
begin atomic
  select * from app.unpublish_site(p_site_id);
end;

comment on function public.unpublish_site(uuid) is
  'Takes back what is published, at once. Errors: site.not_found, workspace.forbidden.';

create function public.start_design(
  p_site_id uuid, p_input jsonb, p_page text default '/', p_model text default null, p_idempotency_key text default null
) returns public.ai_tasks
language sql volatile security invoker set search_path = ''
begin atomic
  select * from app.start_design(p_site_id, p_input, p_page, p_model, p_idempotency_key);
end;

comment on function public.start_design(uuid, jsonb, text, text, text) is
  'Asks the design assistant for a page of a site; it is a task like others, with its quota. Errors: site.not_found, site.bad_paths, task.bad_input, task.unknown_model, task.bad_idempotency_key, task.idempotency_conflict, plan.not_entitled, quota.exceeded, workspace.forbidden.';

create function public.apply_design(p_task_id uuid, p_expected_version int) returns public.sites
language sql volatile security invoker set search_path = ''
begin atomic
  select * from app.apply_design(p_task_id, p_expected_version);
end;

comment on function public.apply_design(uuid, int) is
  'Puts a finished design into its page, as a new version of the site. Errors: design.not_found, design.not_complete, site.version_conflict, site.bad_content, workspace.forbidden.';

revoke execute on function public.create_template(uuid, text, text, jsonb, text) from public, anon, authenticated, service_role;
revoke execute on function public.save_template(uuid, jsonb, int) from public, anon, authenticated, service_role;
revoke execute on function public.rename_template(uuid, text, text) from public, anon, authenticated, service_role;
revoke execute on function public.delete_template(uuid) from public, anon, authenticated, service_role;
revoke execute on function public.fork_template(uuid, uuid, text, text, int) from public, anon, authenticated, service_role;
revoke execute on function public.save_site(uuid, jsonb, int) from public, anon, authenticated, service_role;
revoke execute on function public.add_site_page(uuid, uuid, text, int) from public, anon, authenticated, service_role;
revoke execute on function public.rename_site(uuid, text, text) from public, anon, authenticated, service_role;
revoke execute on function public.delete_site(uuid) from public, anon, authenticated, service_role;
revoke execute on function public.publish_site(uuid, int) from public, anon, authenticated, service_role;
revoke execute on function public.unpublish_site(uuid) from public, anon, authenticated, service_role;
revoke execute on function public.start_design(uuid, jsonb, text, text, text) from public, anon, authenticated, service_role;
revoke execute on function public.apply_design(uuid, int) from public, anon, authenticated, service_role;
grant execute on function public.create_template(uuid, text, text, jsonb, text) to authenticated;
grant execute on function public.save_template(uuid, jsonb, int) to authenticated;
grant execute on function public.rename_template(uuid, text, text) to authenticated;
grant execute on function public.delete_template(uuid) to authenticated;
grant execute on function public.fork_template(uuid, uuid, text, text, int) to authenticated;
grant execute on function public.save_site(uuid, jsonb, int) to authenticated;
grant execute on function public.add_site_page(uuid, uuid, text, int) to authenticated;
grant execute on function public.rename_site(uuid, text, text) to authenticated;
grant execute on function public.delete_site(uuid) to authenticated;
grant execute on function public.publish_site(uuid, int) to authenticated;
grant execute on function public.unpublish_site(uuid) to authenticated;
grant execute on function public.start_design(uuid, jsonb, text, text, text) to authenticated;
grant execute on function public.apply_design(uuid, int) to authenticated;

------------------------------------------------------------------------------------------------
-- The catalogue
------------------------------------------------------------------------------------------------
with catalogue (kind, name, description, content) as (values
  ('site', 'Blank', 'One page to begin with.', '{"pages": [
    {"path": "/", "title": "Home", "blocks": [{"type": "heading", "level": 1, "text": "Welcome"}]}]}'::jsonb),
  ('site', 'Small business', 'Who you are, what you do and how to reach you, on three pages.', '{
    "theme": {"primary": "#0f766e", "background": "#ffffff", "text": "#1f2937", "font": "sans"},
    "pages": [
      {"path": "/", "title": "Home", "blocks": [
        {"type": "heading", "level": 1, "text": "Your company, in one line"},
        {"type": "paragraph", "text": "Say whom you help and what changes for them."},
        {"type": "image", "search": "team at work in a bright workshop", "alt": "The team at work"},
        {"type": "button", "label": "What we do", "url": "/services"}]},
      {"path": "/services", "title": "Services", "blocks": [
        {"type": "heading", "level": 1, "text": "What we do"},
        {"type": "list", "ordered": false, "items": ["First service", "Second service", "Third service"]},
        {"type": "quote", "text": "What a customer says about you.", "by": "A customer"}]},
      {"path": "/contact", "title": "Contact", "blocks": [
        {"type": "heading", "level": 1, "text": "How to reach us"},
        {"type": "button", "label": "Write to us", "url": "mailto:hello@example.com"},
        {"type": "button", "label": "Call us", "url": "tel:+1-555-0100"}]}]}'),
  ('site', 'Portfolio', 'Your work and yourself, in a quiet dress.', '{
    "theme": {"primary": "#7c3aed", "background": "#fafaf9", "text": "#1c1917", "font": "serif"},
    "pages": [
      {"path": "/", "title": "Work", "blocks": [
        {"type": "heading", "level": 1, "text": "Selected work"},
        {"type": "image", "search": "abstract graphic design", "alt": "A project of yours"},
        {"type": "divider"},
        {"type": "paragraph", "text": "What it was for, what you did, what came of it."},
        {"type": "button", "label": "About me", "url": "/about"}]},
      {"path": "/about", "title": "About", "blocks": [
        {"type": "heading", "level": 1, "text": "About me"},
        {"type": "paragraph", "text": "Where you come from and what you care about."}]}]}'),
  ('layout', 'Announcement', 'A headline, a picture, a reason and one button.', '{"pages": [
    {"path": "/", "title": "Announcement", "blocks": [
      {"type": "heading", "level": 1, "text": "The news in five words"},
      {"type": "image", "search": "celebration in an office", "alt": "What is new"},
      {"type": "paragraph", "text": "Why it matters to whoever reads this."},
      {"type": "button", "label": "Read more", "url": "/"}]}]}'),
  ('email', 'Newsletter', 'A greeting, two stories and a way to answer.', '{"pages": [
    {"path": "/", "title": "News of the month", "blocks": [
      {"type": "heading", "level": 1, "text": "News of the month"},
      {"type": "heading", "level": 2, "text": "First story"},
      {"type": "paragraph", "text": "Three sentences."},
      {"type": "divider"},
      {"type": "heading", "level": 2, "text": "Second story"},
      {"type": "paragraph", "text": "Three sentences."},
      {"type": "button", "label": "Answer us", "url": "mailto:hello@example.com"}]}]}')
),
made as (
  insert into public.templates (kind, name, description) select c.kind, c.name, c.description from catalogue as c returning id, name
)
insert into public.template_versions (template_id, version, content)
select m.id, 1, c.content from made as m join catalogue as c on c.name = m.name;
