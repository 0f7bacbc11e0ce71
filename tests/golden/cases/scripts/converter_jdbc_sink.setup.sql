create table typed (
  id int primary key,
  a tinyint(1),
  b bool not null,
  c tinyint(1) default 0,
  d smallint not null,
  r real,
  f float,
  g double not null,
  h real not null,
  s varchar(20),
  l varchar(20) character set latin1 not null,
  t text,
  k char(5) character set ascii,
  e tinyint(1),
  w real,
  v varchar(9)
);
insert into typed values
  (1, 1, 0, 7, -1, 1.5, 1.1, -0.25, 1e10, 'é☃', 'plain', 'text', 'wide', 1, 2.5, 'as it is'),
  (2, null, 1, null, 300, null, null, 1e-7, 0, null, '', null, null, null, null, null),
  (3, -1, 1, 1, 0, 123456.7, 0.1, 3, 3.1, '', 'x', '', '', 0, 0, '');
