create table t (id numeric primary key, v text);
insert into t values (1.5, 'a');
