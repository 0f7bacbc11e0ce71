create table a (id int primary key, v text);
create table b (id int primary key, v text);
create table empty (id int primary key);
insert into a values (1, 'x'), (2, 'y'), (3, 'z');
insert into b values (1, 'x');
