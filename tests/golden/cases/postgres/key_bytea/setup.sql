create table t (id bytea primary key, v text);
insert into t values ('\x0102', 'a');
