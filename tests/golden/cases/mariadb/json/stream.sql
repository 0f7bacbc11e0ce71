insert into docs values
  (101, '{"a": 1}'),
  (102, '[1,"a", null]'),
  (103, null);
update docs set id = id + 1000 where id = 101;
update docs set j = null where id = 102;
delete from docs where id = 1;
