set sql_mode = '';
insert into odd values
  (101, 'a,b', '', ''),
  (102, 'c', 'a', 'b');
update odd set id = id + 1000 where id = 101;
update odd set e = null, ei = null where id = 102;
delete from odd where id = 1;
