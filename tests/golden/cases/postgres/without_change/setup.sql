create table t (id int primary key, v text, w text);
alter table t replica identity full;
create table d (id int primary key, v text);
insert into t values (1, 'a', 'b');
insert into d values (1, 'a');
