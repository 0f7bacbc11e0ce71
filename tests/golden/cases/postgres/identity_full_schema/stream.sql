update t set id = 2 where id = 1;
delete from t;
