create table times (id int primary key, d date, t time, t3 time(3), ts timestamp, ts3 timestamp(3), tstz timestamptz);
insert into times values
  (1, null, '24:00:00', '24:00:00', 'infinity', 'infinity', 'infinity'),
  (2, null, null, null, '-infinity', '-infinity', '-infinity'),
  (3, '0001-01-01', null, null, '0001-01-01', '0001-01-01', '0001-01-01 00:00+00'),
  (4, null, null, null, '0044-03-15 12:00:00.5 BC', '0044-03-15 12:00:00.5 BC', '0044-03-15 12:00:00.5+00 BC'),
  (5, '9999-12-31', null, null, '9999-12-31 23:59:59.999999', '9999-12-31 23:59:59.999', '9999-12-31 23:59:59.999999+00'),
  (6, '12345-06-07', null, null, '12345-06-07 08:09:10.11', '12345-06-07 08:09:10.11', '12345-06-07 08:09:10.11+00'),
  (7, '1500-02-28', null, null, '1500-02-28 01:02:03', '1500-02-28 01:02:03', '1500-02-28 01:02:03+00');
