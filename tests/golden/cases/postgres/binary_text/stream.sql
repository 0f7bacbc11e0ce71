insert into t values (1, repeat('long ', 400));
