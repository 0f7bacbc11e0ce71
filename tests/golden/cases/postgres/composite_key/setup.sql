create table t (v text, b text, a int, primary key (a, b));
insert into t values ('x', 'k', 1);
