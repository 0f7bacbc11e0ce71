create table years (
  id int not null,
  y year,
  primary key (id)
);
insert into years values
  (1, 0),
  (2, '0000'),
  (3, '00'),
  (4, 70);
