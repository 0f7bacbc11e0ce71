insert into t values (1, 's', repeat('t', 2100));
update t set s = 'x';
