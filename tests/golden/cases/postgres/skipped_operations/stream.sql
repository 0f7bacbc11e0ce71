insert into t values (3, 'c');
update t set v = 'x' where id = 1;
update t set id = 9 where id = 2;
delete from t where id = 1;
truncate t;
