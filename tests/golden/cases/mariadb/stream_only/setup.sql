create table t (id int primary key, v varchar(10));
insert into t values (1, 'old');
