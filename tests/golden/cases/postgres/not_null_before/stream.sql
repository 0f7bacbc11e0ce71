update t set id = 2;
delete from t;
