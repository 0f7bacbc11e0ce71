insert into t default values;
insert into t (i, t, n, b, ts, ia) values (null, null, null, null, null, null);
update t set i = null;
delete from t where id = 1;
