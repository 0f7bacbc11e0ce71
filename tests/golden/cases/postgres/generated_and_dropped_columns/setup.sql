create table t (id int generated always as identity primary key, gone text, a int, b int generated always as (a * 2) stored, gone2 int, s serial, c text collate "C" default 'x');
alter table t drop column gone;
alter table t drop column gone2;
insert into t (a) values (1), (2);
