create table t (id int primary key, v text);
insert into t values (1, 'a'), (2, 'b');
create table child (id int primary key, t_id int references t);
create table lone (v text);
