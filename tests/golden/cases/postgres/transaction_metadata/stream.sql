begin; insert into t values (10, 'x'); insert into u values (1); insert into t values (11, 'y'); commit;
insert into u values (2);
begin; update t set id = 12 where id = 11; delete from t where id = 10; commit;
