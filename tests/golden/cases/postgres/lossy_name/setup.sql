create table t (id int primary key, n name);
insert into t values (1, 'pg_class'), (2, null);
