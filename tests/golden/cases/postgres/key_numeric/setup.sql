create table t (id numeric(20,4) primary key, v text);
insert into t values (1.5, 'a');
