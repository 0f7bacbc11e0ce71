insert into t values (10, 'x');
