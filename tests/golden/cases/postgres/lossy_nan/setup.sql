create table t (id int primary key, n numeric, n52 numeric(5,2));
insert into t values (1, 'NaN', 'NaN'), (2, 'Infinity', null), (3, '-Infinity', null);
