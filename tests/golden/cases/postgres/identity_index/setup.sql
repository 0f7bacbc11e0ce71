create table t (id int primary key, k int not null, v text, n int);
create unique index t_k on t (k);
alter table t replica identity using index t_k;
insert into t values (1, 10, 'a', 1), (2, 20, null, null);
