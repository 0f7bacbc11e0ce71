update t set v = 'y';
update t set a = 2;
update t set a = 3, b = 'l', v = 'z';
delete from t;
