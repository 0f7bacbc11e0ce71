create table t (id int primary key, n numeric(4,-3), s numeric(2,5));
insert into t values (1, 123456, 0.00012);
