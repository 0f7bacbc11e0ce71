create table t (id timestamptz primary key, v text);
insert into t values ('2020-01-01 00:00:00.5+00', 'a');
