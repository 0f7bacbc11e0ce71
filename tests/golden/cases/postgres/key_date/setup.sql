create table t (id date primary key, v text);
insert into t values ('2020-01-01', 'a');
