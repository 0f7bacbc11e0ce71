insert into docs values
  (101, cast('1e308' as json)),
  (102, cast('1e16' as json)),
  (103, cast('1e15' as json)),
  (104, cast('1e-7' as json)),
  (105, cast('0.000123' as json)),
  (106, cast('-0.0' as json)),
  (107, json_array(cast('-10:11:12.5' as time(6)), cast('-00:00:01' as time))),
  (108, json_array(x'cafe')),
  (109, json_array(b'101')),
  (110, json_array(st_geomfromtext('POINT(1 2)'))),
  (111, cast(cast('-0.001' as decimal(10,3)) as json)),
  (112, json_array(cast('2015-01-15 00:00:00' as datetime))),
  (113, json_array(cast('838:59:59' as time))),
  (114, json_array(cast(2020 as year)));
update docs set id = id + 1000 where id = 101;
update docs set j = null where id = 102;
delete from docs where id = 1;
