create table t (id int primary key, i interval);
insert into t values (1, 'infinity'), (2, '-infinity');
