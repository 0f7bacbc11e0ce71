create table t (id int primary key, a int, b text not null);
insert into t values (1, 10, 'k');
