-- Purpose:  history of authored texts: restoring an old version as a new one, and the difference between two.
-- Risk:     replaces app.save_document_version by one that does the same; adds a nullable column.
-- Way back: restore app.save_document_version of 000630, drop the other functions of this file and document_versions.restored_from.
set local lock_timeout = '5s';

alter table public.document_versions add column restored_from int check (restored_from > 0);
comment on column public.document_versions.restored_from is 'Version whose text it brought back; null for a text of its own.';

------------------------------------------------------------------------------------------------
-- Append and restore
------------------------------------------------------------------------------------------------
create function app.append_document_version(p_document public.documents, p_content text, p_expected_version int, p_restored_from int)
returns public.documents
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_document public.documents;
begin
  if p_document.kind <> 'text' then
    perform app.fail(409, 'document.not_text', 'Only authored texts have versions here; upload the PDF again instead.');
  end if;
  if p_document.version is distinct from p_expected_version then
    perform app.fail(409, 'document.version_conflict',
      format('The document has changed: its version is %s, not %s.', p_document.version, p_expected_version),
      format('version=%s; read it, merge, and save again.', p_document.version));
  end if;
  update public.documents as d
  set version = d.version + 1, byte_size = octet_length(p_content), status = 'pending', stage = null,
    error_code = null, error_message = null
  where d.id = p_document.id
  returning * into v_document;
  insert into public.document_versions (document_id, version, workspace_id, content, created_by, restored_from)
  values (v_document.id, v_document.version, v_document.workspace_id, p_content, app.user_id(), p_restored_from);
  perform app.enqueue_ingest(v_document);
  return v_document;
end;
$$;

comment on function app.append_document_version(public.documents, text, int, int) is
  'One more version of a document that the caller has locked and checked. The hint of document.version_conflict begins with version=<the newest>. Internal.';

create or replace function app.save_document_version(p_document_id uuid, p_content text, p_expected_version int)
returns public.documents
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_document public.documents := app.lock_document(p_document_id);
begin
  perform app.check_text(v_document.title, p_content);
  return app.append_document_version(v_document, p_content, p_expected_version, null);
end;
$$;

comment on function public.save_document_version(uuid, text, int) is
  'Appends a version if the newest is still the expected one; else document.version_conflict, whose hint begins with version=<the newest>. Errors: document.version_conflict, document.not_text, document.not_found, document.bad_content, quota.exceeded, workspace.forbidden.';

create function app.restore_document_version(p_document_id uuid, p_version int, p_expected_version int)
returns public.documents
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_document public.documents := app.lock_document(p_document_id);
  v_content text;
begin
  select v.content into v_content from public.document_versions as v
  where v.document_id = p_document_id and v.version = p_version;
  if not found and v_document.kind = 'text' then
    perform app.fail(404, 'document.version_not_found', 'The document has no such version.');
  end if;
  return app.append_document_version(v_document, v_content, p_expected_version, p_version);
end;
$$;

comment on function app.restore_document_version(uuid, int, int) is 'Behind public.restore_document_version.';

create function public.restore_document_version(p_document_id uuid, p_version int, p_expected_version int)
returns public.documents
language sql volatile security invoker set search_path = ''
begin atomic
  select * from app.restore_document_version(p_document_id, p_version, p_expected_version);
end;

comment on function public.restore_document_version(uuid, int, int) is
  'Brings an old version back as a new one, if the newest is still the expected one (else the hint begins with version=<the newest>); nothing of the history is lost. Errors: document.version_not_found, document.version_conflict, document.not_text, document.not_found, quota.exceeded, workspace.forbidden.';

------------------------------------------------------------------------------------------------
-- Difference
------------------------------------------------------------------------------------------------
create function app.diff_edits(p_from int[], p_to int[], p_max int)
returns table (is_insert boolean, from_at int, to_at int)
language plpgsql immutable set search_path = '' as $$
declare
  n constant int := cardinality(p_from);
  m constant int := cardinality(p_to);
  -- reached[d(d+1)/2 + i + 1]: how many lines of p_from the best path of d edits passes on diagonal x - y = 2i - d.
  reached int[] := array_fill(0, array[(p_max + 1) * (p_max + 2) / 2]);
  above int;
  edits int := -1;
  i int;
  x int := -1;
  y int := -1;
begin
  while x < n or y < m loop
    edits := edits + 1;
    if edits > p_max then
      perform app.fail(413, 'document.diff_too_large', 'The two versions differ in too much to compare them here.',
        'Read both versions and compare them in the client.');
    end if;
    above := edits * (edits - 1) / 2 + 1;
    for place in 0..edits loop
      if edits = 0 then
        x := 0;
      elsif place = 0 or (place < edits and reached[above + place - 1] < reached[above + place]) then
        x := reached[above + place];
      else
        x := reached[above + place - 1] + 1;
      end if;
      y := x - 2 * place + edits;
      while x < n and y < m and p_from[x + 1] = p_to[y + 1] loop
        x := x + 1;
        y := y + 1;
      end loop;
      reached[above + edits + place] := x;
      exit when x >= n and y >= m;
    end loop;
  end loop;
  x := n;
  y := m;
  for d in reverse edits..1 loop
    above := d * (d - 1) / 2 + 1;
    i := (x - y + d) / 2;
    is_insert := i = 0 or (i < d and reached[above + i - 1] < reached[above + i]);
    from_at := reached[above + i - case when is_insert then 0 else 1 end];
    to_at := from_at - (x - y) - case when is_insert then 1 else -1 end;
    return next;
    x := from_at;
    y := to_at;
  end loop;
end;
$$;

comment on function app.diff_edits(int[], int[], int) is
  'The shortest way, in deletions and insertions of lines, from p_from to p_to by Myers'' greedy algorithm (1986), last edit first; 413 when it needs more than p_max. from_at and to_at: lines of each side before the edit.';

create function app.diff_hunks(p_from text[], p_to text[]) returns jsonb
language plpgsql immutable set search_path = '' as $$
declare
  v_hunks jsonb;
  v_numbers record;
begin
  select array_agg(s.number order by s.at) filter (where s.is_from) as old, array_agg(s.number order by s.at) filter (where not s.is_from) as new
  into v_numbers
  from (
    select l.is_from, l.at, dense_rank() over (order by l.line collate "C")::int as number
    from (
      select true as is_from, f.at, f.line from unnest(p_from) with ordinality as f (line, at)
      union all
      select false, t.at, t.line from unnest(p_to) with ordinality as t (line, at)
    ) as l
  ) as s;
  with edits as (
    select e.*, count(*) filter (where e.is_apart) over (order by e.from_at + e.to_at) as hunk
    from (
      select d.*, d.from_at - lag(d.from_at + (not d.is_insert)::int) over (order by d.from_at + d.to_at) > 6 as is_apart
      from app.diff_edits(v_numbers.old, v_numbers.new, 1000) as d
    ) as e
  ),
  hunks as (
    select e.hunk, greatest(min(e.from_at) - 3, 0) as low, least(max(e.from_at + (not e.is_insert)::int) + 3, cardinality(p_from)) as high,
      min(e.to_at) - least(min(e.from_at), 3) as to_low, count(*) filter (where e.is_insert) as added,
      count(*) filter (where not e.is_insert) as removed
    from edits as e
    group by e.hunk
  ),
  lines as (
    select e.hunk, e.from_at as at, e.to_at as place, '+' || p_to[e.to_at + 1] as line from edits as e where e.is_insert
    union all
    select h.hunk, k.at, cardinality(p_to) + 1, case when e.hunk is null then ' ' else '-' end || p_from[k.at + 1]
    from hunks as h
    cross join generate_series(h.low, h.high - 1) as k (at)
    left join edits as e on e.hunk = h.hunk and e.from_at = k.at and not e.is_insert
  )
  select jsonb_agg(jsonb_build_object(
    'from_line', h.low + 1, 'from_count', h.high - h.low,
    'to_line', h.to_low + 1, 'to_count', h.high - h.low + h.added - h.removed, 'lines', l.lines) order by h.low)
  into v_hunks
  from hunks as h
  join (select l.hunk, jsonb_agg(l.line order by l.at, l.place) as lines from lines as l group by l.hunk) as l on l.hunk = h.hunk;
  return coalesce(v_hunks, '[]');
end;
$$;

comment on function app.diff_hunks(text[], text[]) is
  'The difference of two texts as hunks with up to three lines around each change, as a unified diff has them: a line begins with a space, - or +.';

create function app.version_lines(p_document_id uuid, p_version int) returns text[]
language plpgsql stable security invoker set search_path = '' as $$
declare
  v_lines text[];
begin
  select regexp_split_to_array(v.content, '\r?\n') into v_lines
  from public.document_versions as v where v.document_id = p_document_id and v.version = p_version;
  if not found then
    perform app.fail(404, 'document.version_not_found', 'The document has no such version.');
  end if;
  if cardinality(v_lines) > 20000 then
    perform app.fail(413, 'document.diff_too_large', 'The two versions differ in too much to compare them here.',
      'Read both versions and compare them in the client.');
  end if;
  return v_lines;
end;
$$;

comment on function app.version_lines(uuid, int) is 'The lines of a version that the caller may read; 404 without it, 413 beyond 20,000 lines. Internal to document_diff.';

create function public.document_diff(p_document_id uuid, p_from int default null, p_to int default null) returns jsonb
language plpgsql stable security invoker set search_path = '' as $$
declare
  v_to int := coalesce(p_to, (select d.version from public.documents as d where d.id = p_document_id));
  v_from int := coalesce(p_from, greatest(v_to - 1, 1));
begin
  if not exists (select from public.documents as d where d.id = p_document_id) then
    perform app.fail(404, 'document.not_found', 'There is no such document.');
  end if;
  return jsonb_build_object('from', v_from, 'to', v_to, 'hunks', app.diff_hunks(
    app.version_lines(p_document_id, v_from), app.version_lines(p_document_id, v_to)));
end;
$$;

comment on function public.document_diff(uuid, int, int) is
  'What changed between two versions of an authored text, line by line, in the form of a unified diff; without versions, what the newest changed (a first version nothing: no hunks). {from, to, hunks: [{from_line, from_count, to_line, to_count, lines}]}. At most 20,000 lines and 1,000 edits. Errors: document.not_found, document.version_not_found, document.diff_too_large.';

revoke execute on function app.append_document_version(public.documents, text, int, int) from public, anon, authenticated, service_role;
revoke execute on function app.restore_document_version(uuid, int, int) from public, anon, authenticated, service_role;
revoke execute on function public.restore_document_version(uuid, int, int) from public, anon, authenticated, service_role;
revoke execute on function app.diff_edits(int[], int[], int) from public, anon, authenticated, service_role;
revoke execute on function app.diff_hunks(text[], text[]) from public, anon, authenticated, service_role;
revoke execute on function app.version_lines(uuid, int) from public, anon, authenticated, service_role;
revoke execute on function public.document_diff(uuid, int, int) from public, anon, authenticated, service_role;
grant execute on function app.restore_document_version(uuid, int, int) to authenticated;
grant execute on function public.restore_document_version(uuid, int, int) to authenticated;
grant execute on function app.diff_edits(int[], int[], int) to authenticated;
grant execute on function app.diff_hunks(text[], text[]) to authenticated;
grant execute on function app.version_lines(uuid, int) to authenticated;
grant execute on function public.document_diff(uuid, int, int) to authenticated;
