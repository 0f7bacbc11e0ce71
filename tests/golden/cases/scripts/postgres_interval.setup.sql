create table ivs (id int primary key, i interval, i3 interval(3), y interval year to month, ds interval day to second);
alter table ivs replica identity full;
insert into ivs values
  (1, 'P1Y2M3DT4H5M6.78S', '1 second 1.2345 milliseconds', '1 year 2 months', '3 days 04:05:06'),
  (2, '0', '0', '0', '0'),
  (3, '-1 year -2 months +3 days -04:05:06.000001', '-0.5 seconds', '-14 months', '-1 day 1 second'),
  (4, null, null, null, null),
  (5, '178000000 years', '1 month', '1 month', '100000 days'),
  (6, '1 month', '1 year', '1 year', '-00:00:00.000001');
