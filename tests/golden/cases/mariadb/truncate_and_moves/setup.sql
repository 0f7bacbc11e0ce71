create table keyed (id int primary key, a int, b int, c int);
create table none (a int, b int);
insert into keyed values (1, 1, 1, 1);
