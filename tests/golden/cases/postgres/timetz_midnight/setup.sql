create table t (id int primary key, z timetz, z3 timetz(3));
insert into t values (1, '24:00:00+00', '24:00:00+00'), (2, '00:00+00', '24:00-08');
