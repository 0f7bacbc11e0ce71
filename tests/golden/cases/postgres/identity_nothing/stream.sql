insert into t values (3, 30, 'c', 3), (4, 40, null, null);
