create schema other;
create table t (id int primary key, a text, b text, secret text);
create table other.u (id int primary key, a text, b text);
alter table t replica identity full;
insert into t values (1, 'a', 'b', 's');
insert into other.u values (1, 'a', 'b');
