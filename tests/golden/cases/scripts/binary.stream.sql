insert into bins values
  (101, 'ab', x'fffefb', x'00', x'deadbeef', 'medium', 'long'),
  (102, x'01020304', '', '', '', '', ''),
  (103, x'00000000', repeat('v', 300), x'c3a9', repeat(x'ff', 300), repeat('m', 300), x'fffefbff00'),
  (104, x'20202020', x'2020', ' ', '<>?~', x'fbff', x'3e3f'),
  (105, null, null, null, null, null, null);
update bins set id = id + 1000 where id = 101;
update bins set b4 = null, vb = null, tb = null, b = null, mb = null, lb = null where id = 102;
delete from bins where id = 1;
