insert into typed values (4, 1, 0, 7, -1, 1.5, 1.1, -0.25, 1e10, 'é☃', 'plain', 'text', 'wide', 1, 2.5, 'as it is');
insert into typed values (5, null, 1, null, 300, null, null, 1e-7, 0, null, '', null, null, null, null, null), (6, -1, 1, 1, 0, 123456.7, 0.1, 3, 3.1, '', 'x', '', '', 0, 0, '');
update typed set a = 0, b = 1, r = 0.5, s = 'z', l = 'y' where id = 4;
delete from typed where id = 1;
create table later (id int primary key, a bool, b tinyint(1) not null, r real, h float not null, s varchar(20), l text not null);
insert into later values (1, 1, 1, 1.5, 1.5, 'é', 'x'), (2, null, 0, null, 0, null, '');
