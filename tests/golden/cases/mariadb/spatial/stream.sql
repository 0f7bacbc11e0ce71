insert into shapes values
  (101, st_geomfromtext('POINT(1 2)'), st_geomfromtext('POINT(1.5 -2.25)'), st_geomfromtext('LINESTRING(0 0,1 1,2 2)'), st_geomfromtext('POLYGON((0 0,10 0,10 10,0 10,0 0),(5 5,7 5,7 7,5 7,5 5))'), st_geomfromtext('MULTIPOINT(0 0,20 20)'), st_geomfromtext('MULTILINESTRING((10 48,10 21),(16 0,16 23))'), st_geomfromtext('MULTIPOLYGON(((0 0,1 0,1 1,0 0)))'), st_geomfromtext('GEOMETRYCOLLECTION(POINT(10 10),LINESTRING(15 15,20 20))')),
  (102, st_geomfromtext('LINESTRING(0 0,1 1)'), st_geomfromtext('POINT(0 0)'), null, null, null, null, null, st_geomfromtext('GEOMETRYCOLLECTION()')),
  (103, st_geomfromtext('POINT(10 20)', 4326), st_geomfromtext('POINT(10 20)', 4326), null, null, null, null, null, null),
  (104, null, null, null, null, null, null, null, null);
update shapes set id = id + 1000 where id = 101;
update shapes set g = null, p = null, l = null, po = null, mp = null, ml = null, mpo = null, gc = null where id = 102;
delete from shapes where id = 1;
