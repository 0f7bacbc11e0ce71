create table nets (
  id int primary key, i inet, c cidr, m macaddr, m8 macaddr8, i4 int4range, i8 int8range, nr numrange,
  tr tsrange, tzr tstzrange, dr daterange
);
alter table nets replica identity full;
insert into nets values
  (1, '192.168.0.1', '10.0.0.0/8', '08:00:2b:01:02:03', '08:00:2b:01:02:03:04:05', '[1,5]', '(1,5)', '[1.5,2.5)',
   '[2019-03-31 15:30:00.5,2019-04-30)', '[2019-03-31 15:30:00+02,2019-04-30 00:00+00]', '[2019-03-31,2019-05-01]'),
  (2, '::1/64', '2001:db8::/32', null, null, 'empty', '(,)', '[,1)', '(,)', '(,infinity)', '[infinity,)'),
  (3, null, null, null, null, null, null, null, null, null, null);
