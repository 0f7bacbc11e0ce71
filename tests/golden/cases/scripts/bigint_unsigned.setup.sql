create table bigs (
  id int not null,
  biu bigint unsigned,
  primary key (id)
);
insert into bigs values
  (1, 18446744073709551615),
  (2, 9223372036854775808),
  (3, 1),
  (4, 0);
