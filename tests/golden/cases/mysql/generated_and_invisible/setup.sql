create table gen (id int not null primary key, a int, v int generated always as (a + 1) virtual, s int generated always as (a * 2) stored, h int invisible default 9, z varchar(5));
insert into gen (id, a, z) values (1, 1, 'z');
