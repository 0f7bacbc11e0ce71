insert into singles values
  (101, 1.2345678, 1234.567),
  (102, 16777217, 9999.999),
  (103, 3.4028234e38, 0.001),
  (104, 1.17549435e-38, -0.5),
  (105, 0.3, 0.1);
update singles set id = id + 1000 where id = 101;
update singles set f = null, g = null where id = 102;
delete from singles where id = 1;
