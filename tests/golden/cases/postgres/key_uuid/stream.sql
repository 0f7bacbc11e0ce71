insert into t values ('00000000-0000-0000-0000-000000000001', 'b');
update t set v = 'c' where id = '00000000-0000-0000-0000-000000000001';
delete from t;
