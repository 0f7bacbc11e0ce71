insert into years values
  (101, 0),
  (102, '0000'),
  (103, '00'),
  (104, 70);
update years set id = id + 1000 where id = 101;
update years set y = null where id = 102;
delete from years where id = 1;
