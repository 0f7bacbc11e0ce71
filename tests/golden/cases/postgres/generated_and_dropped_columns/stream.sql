insert into t (a) values (3);
update t set a = 10 where id = 1;
delete from t where id = 2;
