-- What a policy calls must run once per statement, not once per row: (select app.f(…)) or any(array(select app.f(…)))
-- without a column among the arguments. The caller is app.user_id(): auth.uid() fails on subjects that are no uuid.
select format('%s on %s', p.polname, p.polrelid::regclass), problem
from pg_policy as p
cross join lateral (
  select whole, regexp_replace(whole, '\( SELECT (app|realtime)\.\w+\(\) AS \w+\)', '''once''::text', 'g')
  from unnest(array[pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)]) as whole
) as e (expression, flat)
cross join lateral (values
  (e.expression ~ '\mauth\.(uid|jwt|role|email)\(', 'calls auth.*: use app.user_id() or app.claims()'),
  (e.expression ~ 'user_metadata', 'reads user_metadata, which the user can write'),
  (regexp_count(e.expression, '\m(app|realtime)\.\w+\(')
     > regexp_count(e.expression, '\m(SELECT|FROM) \(?(app|realtime)\.\w+\('), 'calls a function once per row: wrap it in (select …)'),
  (regexp_count(e.flat, '\m(app|realtime)\.\w+\(')
     > regexp_count(e.flat, '\m(app|realtime)\.\w+\((''[^'']*''::\w+(, )?)*\)'), 'gives a function something else than literals'),
  (e.expression ~ '\mIN \( ?SELECT', 'uses in (select …): write = any(array(select …))')
) as check_ (broken, problem)
where check_.broken
