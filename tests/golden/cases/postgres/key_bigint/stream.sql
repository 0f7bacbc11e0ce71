insert into t values (9223372036854775807, 'b');
update t set v = 'c' where id = 9223372036854775807;
delete from t;
