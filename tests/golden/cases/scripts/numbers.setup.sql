create table floats (
  id int not null,
  f float,
  fu float unsigned,
  f52 float(5,2),
  f24 float(24),
  f25 float(25),
  f53 float(53),
  re real,
  d double,
  d104 double(10,4),
  dp double precision,
  primary key (id)
);
insert into floats values
  (1, 1.5, 1.5, 1.25, 1.5, 1.5, 1.5, 1.5, 1.5, 1.2500, 1.5),
  (2, -0.1, 0.1, -123.45, 0.1, 0.1, -0.1, 0.1, 0.1, -123456.7891, 0.1),
  (3, 1e10, 1e10, 999.99, 1e-10, 1e10, 1e100, 1e100, 1.7976931348623157e308, 0, 2.2250738585072014e-308),
  (4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 123456789.123456789),
  (5, 16777216, 3.5, 0.01, 100000, 123456.789, 1e15, 1e16, 1e17, 100000, 0.001),
  (6, null, null, null, null, null, null, null, null, null, null);
create table decimals (
  id int not null,
  de decimal(10,2),
  deu decimal(10,2) unsigned,
  d65 decimal(65,30),
  d0 decimal,
  d5 dec(5),
  nu numeric(9,9),
  fx fixed(18,9),
  d20 decimal(20,0),
  primary key (id)
);
insert into decimals values
  (1, 12.30, 12.30, 12345678901234567890123456789012345.123456789012345678901234567890, 1234567890, 12345, 0.123456789, 123456789.123456789, 18446744073709551615),
  (2, -12.30, 0.01, -99999999999999999999999999999999999.999999999999999999999999999999, -1, -99999, -0.000000001, -0.000000001, -99999999999999999999),
  (3, 0, 0, 0, 0, 0, 0, 0, 0),
  (4, 99999999.99, 1, 0.000000000000000000000000000001, 128, 127, 0.5, 1, -128),
  (5, null, null, null, null, null, null, null, null);
