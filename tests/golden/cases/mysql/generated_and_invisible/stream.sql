insert into gen (id, a, h, z) values (2, 5, 6, 'y');
update gen set a = 7 where id = 1;
delete from gen where id = 2;
