begin; insert into t values (10, 'x'); savepoint s; insert into t values (11, 'gone'); rollback to s; insert into t values (12, 'y'); commit;
begin; insert into t values (13, 'rolled back'); rollback;
begin; update t set v = 'twice' where id = 10; update t set v = 'thrice' where id = 10; delete from t where id = 12; insert into t values (12, 'again'); commit;
begin; update t set id = 100 where id = 1; update t set id = 1 where id = 2; update t set id = 2 where id = 100; commit;
