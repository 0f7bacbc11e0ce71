insert into t values (3, 'c');
select pg_sleep(0.3);
