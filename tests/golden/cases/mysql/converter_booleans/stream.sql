insert into flags values (4, 1, 0, 1, 1, 0, 1, 1), (5, null, 7, null, null, 1, null, null), (6, 0, 1, 0, 0, 1, 0, 0);
update flags set a = null, b = 1, c = 0, d = 0, e = false where id = 4;
delete from flags where id = 1;
create table later (id int primary key, a tinyint(1) default 0, b boolean not null, c tinyint(1) unsigned, d bool);
insert into later values (1, 1, 1, 1, 1), (2, 0, 0, 0, null);
