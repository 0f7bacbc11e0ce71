create table t (id int primary key, a int, b text);
alter table t replica identity full;
create table nokey (x int, y text, z int);
alter table nokey replica identity full;
insert into t values (1, 10, 'k');
insert into nokey values (1, 'y', 2);
