insert into bigs values
  (101, 18446744073709551615),
  (102, 9223372036854775808),
  (103, 1),
  (104, 0);
update bigs set id = id + 1000 where id = 101;
update bigs set biu = null where id = 102;
delete from bigs where id = 1;
