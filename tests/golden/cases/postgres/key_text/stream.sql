insert into t values ('', 'b');
update t set v = 'c' where id = '';
delete from t;
