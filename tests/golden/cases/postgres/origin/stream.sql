select pg_replication_origin_create('upstream');
select pg_replication_origin_session_setup('upstream');
begin; select pg_replication_origin_xact_setup('0/16B3748', '2020-01-01 00:00+00'); insert into t values (3, 'c'); commit;
select pg_replication_origin_session_reset();
insert into t values (4, 'd');
select pg_replication_origin_drop('upstream');
