create table bins (
  id int not null,
  b4 binary(4),
  vb varbinary(300),
  tb tinyblob,
  b blob,
  mb mediumblob,
  lb longblob,
  primary key (id)
);
insert into bins values
  (1, 'ab', x'fffefb', x'00', x'deadbeef', 'medium', 'long'),
  (2, x'01020304', '', '', '', '', ''),
  (3, x'00000000', repeat('v', 300), x'c3a9', repeat(x'ff', 300), repeat('m', 300), x'fffefbff00'),
  (4, x'20202020', x'2020', ' ', '<>?~', x'fbff', x'3e3f'),
  (5, null, null, null, null, null, null);
