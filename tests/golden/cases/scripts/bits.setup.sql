create table bits (
  id int not null,
  b bit,
  b1 bit(1),
  b5 bit(5),
  b8 bit(8),
  b9 bit(9),
  b33 bit(33),
  b64 bit(64),
  primary key (id)
);
insert into bits values
  (1, b'1', b'1', b'10101', b'10000001', b'100000001', b'101010101010101010101010101010101', x'8000000000000001'),
  (2, b'0', b'0', b'0', b'0', b'0', b'0', b'0'),
  (3, b'1', b'0', b'11111', b'1', b'111', b'100000000', x'ffffffffffffffff'),
  (4, null, null, null, null, null, null, null);
