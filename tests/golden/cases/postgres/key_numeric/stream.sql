insert into t values (-2, 'b');
update t set v = 'c' where id = -2;
delete from t;
