begin; select pg_logical_emit_message(true, 'one', 'x'); insert into t values (10, 'x'); commit;
select pg_logical_emit_message(false, 'two', 'x');
