insert into t values ('2021-01-01', 'b');
update t set v = 'c' where id = '2021-01-01';
delete from t;
