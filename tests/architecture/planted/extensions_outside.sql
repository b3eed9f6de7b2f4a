-- expect: vector: is installed in schema public
alter extension vector set schema public;
