create table singles (
  id int not null,
  f float,
  g float(7,3),
  primary key (id)
);
insert into singles values
  (1, 1.2345678, 1234.567),
  (2, 16777217, 9999.999),
  (3, 3.4028234e38, 0.001),
  (4, 1.17549435e-38, -0.5),
  (5, 0.3, 0.1);
