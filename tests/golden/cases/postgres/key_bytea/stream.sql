insert into t values ('\xff', 'b');
update t set v = 'c' where id = '\xff';
delete from t;
