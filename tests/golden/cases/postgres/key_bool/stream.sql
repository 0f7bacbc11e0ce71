insert into t values (false, 'b');
update t set v = 'c' where id = false;
delete from t;
