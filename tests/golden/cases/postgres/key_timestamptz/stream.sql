insert into t values ('2020-06-01 00:00+02', 'b');
update t set v = 'c' where id = '2020-06-01 00:00+02';
delete from t;
