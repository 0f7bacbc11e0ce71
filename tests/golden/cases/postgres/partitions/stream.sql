insert into p values (3, 'eu', 'c'), (4, 'us', 'd');
update p set v = 'x' where id = 3;
update p set region = 'us' where id = 3;
delete from p where id = 4;
create table p_ap partition of p for values in ('ap');
insert into p values (5, 'ap', 'e');
truncate p;
