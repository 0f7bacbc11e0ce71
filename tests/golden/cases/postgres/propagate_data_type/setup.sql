create table t (id int primary key, v varchar(10), n numeric(8,3), a int[], t text, ts timestamp(3), b bit(3));
insert into t values (1, 'v', 1.5, '{1}', 't', '2020-01-01', '101');
