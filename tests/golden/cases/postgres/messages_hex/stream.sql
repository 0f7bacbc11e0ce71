begin; insert into t values (10, 'x'); select pg_logical_emit_message(true, 'inside', 'text é'); insert into t values (11, 'y'); commit;
select pg_logical_emit_message(false, 'outside', 'now');
begin; select pg_logical_emit_message(true, 'gone', 'x'); select pg_logical_emit_message(false, 'stays', 'x'); rollback;
select pg_logical_emit_message(true, 'bytes', '\x00ff01'::bytea);
select pg_logical_emit_message(true, '', '');
