insert into choices values
  (101, 'a', 'x', 'a', 'x', 'm0,m63', 'l299'),
  (102, 'o\'brien', 'y', 'a,b,with space,c', 'x,y', 18446744073709551615, 'l0'),
  (103, 'q"', 'x', '', '', '', 'l255'),
  (104, null, 'x', null, '', null, null);
update choices set id = id + 1000 where id = 101;
update choices set e = null, s = null, s64 = null, e300 = null where id = 102;
delete from choices where id = 1;
