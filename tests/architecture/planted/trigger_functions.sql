-- expect: planted on auth.users
create function app.planted() returns trigger language plpgsql set search_path = '' as 'begin return new; end';
create trigger planted after insert on auth.users for each row execute function app.planted();
