create table t (id numeric(10,0) primary key, n numeric, n52 numeric(5,2), m money, b bytea, iv interval);
insert into t values (1, 1.5, 2.5, '$3', '\x01', '1 day');
