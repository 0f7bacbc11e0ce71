insert into t values (3, 'stream');
update t set v = 'new' where id = 3;
update t set id = 4 where id = 3;
delete from t where id = 4;
