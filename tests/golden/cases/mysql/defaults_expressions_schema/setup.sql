create table expressions (id int not null primary key,
  i int default (1 + 1),
  vc varchar(40) default (uuid()),
  d date default (current_date),
  t text default ('lit'),
  j json default (json_object('a', 1)),
  b blob default (x'0102'),
  p point default (point(1, 2))
);
insert into expressions values (1, null, null, null, null, null, null, null);
