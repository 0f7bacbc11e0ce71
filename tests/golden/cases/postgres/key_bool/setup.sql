create table t (id boolean primary key, v text);
insert into t values (true, 'a');
