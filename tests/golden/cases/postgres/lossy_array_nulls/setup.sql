create extension ltree;
create type mood as enum ('sad', 'ok');
create domain positive as int;
create table t (id int primary key, m mood[], l ltree[], p positive[]);
insert into t values (1, '{sad,NULL}', '{a.b,NULL}', '{1,NULL}'), (2, '{sad}', '{a.b}', '{1}');
