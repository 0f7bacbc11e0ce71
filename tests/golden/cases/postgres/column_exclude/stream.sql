insert into t values (2, 'c', 'd', 'x');
insert into other.u values (2, 'c', 'd');
update t set secret = 'y' where id = 1;
update t set id = 5 where id = 1;
delete from other.u;
