insert into floats values
  (101, 1.5, 1.5, 1.25, 1.5, 1.5, 1.5, 1.5, 1.5, 1.2500, 1.5),
  (102, -0.1, 0.1, -123.45, 0.1, 0.1, -0.1, 0.1, 0.1, -123456.7891, 0.1),
  (103, 1e10, 1e10, 999.99, 1e-10, 1e10, 1e100, 1e100, 1.7976931348623157e308, 0, 2.2250738585072014e-308),
  (104, 0, 0, 0, 0, 0, 0, 0, 0, 0, 123456789.123456789),
  (105, 16777216, 3.5, 0.01, 100000, 123456.789, 1e15, 1e16, 1e17, 100000, 0.001),
  (106, null, null, null, null, null, null, null, null, null, null);
update floats set id = id + 1000 where id = 101;
update floats set f = null, fu = null, f52 = null, f24 = null, f25 = null, f53 = null, re = null, d = null, d104 = null, dp = null where id = 102;
delete from floats where id = 1;
insert into decimals values
  (101, 12.30, 12.30, 12345678901234567890123456789012345.123456789012345678901234567890, 1234567890, 12345, 0.123456789, 123456789.123456789, 18446744073709551615),
  (102, -12.30, 0.01, -99999999999999999999999999999999999.999999999999999999999999999999, -1, -99999, -0.000000001, -0.000000001, -99999999999999999999),
  (103, 0, 0, 0, 0, 0, 0, 0, 0),
  (104, 99999999.99, 1, 0.000000000000000000000000000001, 128, 127, 0.5, 1, -128),
  (105, null, null, null, null, null, null, null, null);
update decimals set id = id + 1000 where id = 101;
update decimals set de = null, deu = null, d65 = null, d0 = null, d5 = null, nu = null, fx = null, d20 = null where id = 102;
delete from decimals where id = 1;
