insert into people values (3, 'é', '', 'x', '', 'aa', 6, 'a', 't');
update people set name = 'ö' where id = 1;
delete from people where id = 2;
