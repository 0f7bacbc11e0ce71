update t set a = 11 where id = 1;
insert into t values (2, null, 'l');
