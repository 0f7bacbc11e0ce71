insert into t values (3, 30, 'c', 3), (4, 40, null, null);
update t set v = 'b' where id = 1;
update t set v = null, n = null where id = 3;
update t set id = 5 where id = 4;
update t set k = 21 where id = 2;
update t set id = 6, k = 60 where id = 5;
update t set v = v where id = 1;
delete from t where id in (1, 6);
