begin; select pg_logical_emit_message(true, 'one', 'x'); commit;
insert into t values (10, 'x');
select pg_logical_emit_message(false, 'two', 'x');
