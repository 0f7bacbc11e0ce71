update t set id = 5 where id = 1;
delete from t;
