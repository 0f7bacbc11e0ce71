create table bins (
  id int primary key, b bytea, b1 bit, b5 bit(5), b8 bit(8), b16 bit(16), b33 bit(33), vb varbit, vb10 varbit(10)
);
alter table bins replica identity full;
insert into bins values
  (1, '\x010203', '1', '10101', '10000001', '1000000000000001', repeat('10', 16)::bit(32) || b'1', '101', '1010101010'),
  (2, '\x', '0', '00000', '00000000', '0000000000000000', repeat('0', 33)::bit(33), '', ''),
  (3, '\xfffefbff00', '1', '11111', '11111111', '0000000100000000', repeat('1', 33)::bit(33), repeat('1', 65)::varbit, '1'),
  (4, null, null, null, null, null, null, null, null);
