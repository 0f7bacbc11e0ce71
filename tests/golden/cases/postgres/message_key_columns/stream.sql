update t set a = 11 where id = 1;
update t set id = 2;
update nokey set z = 3;
update nokey set x = 2;
delete from t;
delete from nokey;
