create table docs (
  id int not null,
  j json,
  primary key (id)
);
insert into docs values
  (1, '{"a": 1}'),
  (2, '[1,"a", null]'),
  (3, null);
