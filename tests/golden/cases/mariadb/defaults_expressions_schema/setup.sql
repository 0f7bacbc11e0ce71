create table expressions (id int not null primary key,
  i int default (1 + 1),
  vc varchar(40) default (uuid()),
  d date default (current_date),
  t text default 'lit',
  b blob default 'ab'
);
insert into expressions values (1, null, null, null, null, null);
