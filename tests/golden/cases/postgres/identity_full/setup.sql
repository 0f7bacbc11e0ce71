create table t (id int primary key, k int not null, v text, n int);
alter table t replica identity full;
insert into t values (1, 10, 'a', 1), (2, 20, null, null);
