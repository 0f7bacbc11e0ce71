create table integers (
  id int not null,
  ti tinyint,
  tiu tinyint unsigned,
  t1 tinyint(1),
  t1u tinyint(1) unsigned,
  bl boolean,
  si smallint,
  siu smallint unsigned,
  mi mediumint,
  miu mediumint unsigned,
  i int,
  iu int unsigned,
  iz int(8) unsigned zerofill,
  bi bigint,
  biu bigint unsigned,
  primary key (id)
);
insert into integers values
  (1, 127, 255, 1, 1, true, 32767, 65535, 8388607, 16777215, 2147483647, 4294967295, 42, 9223372036854775807, 9223372036854775807),
  (2, -128, 0, -128, 0, false, -32768, 0, -8388608, 0, -2147483648, 0, 0, -9223372036854775808, 0),
  (3, 1, 200, 9, 9, 7, -1, 40000, -1, 16000000, -1, 4000000000, 12345678, -1, 12345678901234567),
  (4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
  (5, null, null, null, null, null, null, null, null, null, null, null, null, null, null);
