create table t (id int primary key, m money);
insert into t values (1, '$1.25'), (2, '-$3'), (3, null);
