-- The offline twin of Stripe: its objects as JSON, answers by idempotency key, and webhooks on their way.
create table if not exists objects (
  seq integer primary key autoincrement,
  id text not null unique,
  kind text not null,
  body text not null
);
create index if not exists objects_kind on objects (kind, seq);

create table if not exists answers (
  key text primary key,
  request text not null,
  body text not null,
  at real not null
);

create table if not exists deliveries (
  event_id text primary key,
  attempts integer not null default 0,
  due_at real
);
create index if not exists deliveries_due on deliveries (due_at) where due_at is not null;
