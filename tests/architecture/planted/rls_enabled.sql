-- expect: app.planted
create table app.planted (id int primary key);
