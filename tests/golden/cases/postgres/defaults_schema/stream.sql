insert into t (i, t) values (null, null);
