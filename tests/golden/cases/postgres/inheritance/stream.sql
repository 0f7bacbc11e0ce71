insert into parent values (3, 'c');
insert into child values (4, 'd', 'x');
update parent set v = 'y' where id = 4;
delete from child;
