create table docs (
  id int not null,
  j json,
  primary key (id)
);
insert into docs values
  (1, cast('1e308' as json)),
  (2, cast('1e16' as json)),
  (3, cast('1e15' as json)),
  (4, cast('1e-7' as json)),
  (5, cast('0.000123' as json)),
  (6, cast('-0.0' as json)),
  (7, json_array(cast('-10:11:12.5' as time(6)), cast('-00:00:01' as time))),
  (8, json_array(x'cafe')),
  (9, json_array(b'101')),
  (10, json_array(st_geomfromtext('POINT(1 2)'))),
  (11, cast(cast('-0.001' as decimal(10,3)) as json)),
  (12, json_array(cast('2015-01-15 00:00:00' as datetime))),
  (13, json_array(cast('838:59:59' as time))),
  (14, json_array(cast(2020 as year)));
