update t set a = 'changed' where id = 1;
insert into t values (4, '😀😀😀😀😀', 'é', 'x', 1, '{a}', 'w');
delete from t where id = 2;
