create table t (a int, b text);
insert into t values (1, 'a'), (1, 'a');
create table f (a int, b text);
alter table f replica identity full;
insert into f values (1, 'a'), (null, null);
