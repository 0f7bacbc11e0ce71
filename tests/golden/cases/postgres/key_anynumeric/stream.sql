insert into t values (100, 'b');
update t set v = 'c' where id = 100;
delete from t;
