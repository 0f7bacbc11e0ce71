insert into bits values
  (101, b'1', b'1', b'10101', b'10000001', b'100000001', b'101010101010101010101010101010101', x'8000000000000001'),
  (102, b'0', b'0', b'0', b'0', b'0', b'0', b'0'),
  (103, b'1', b'0', b'11111', b'1', b'111', b'100000000', x'ffffffffffffffff'),
  (104, null, null, null, null, null, null, null);
update bits set id = id + 1000 where id = 101;
update bits set b = null, b1 = null, b5 = null, b8 = null, b9 = null, b33 = null, b64 = null where id = 102;
delete from bits where id = 1;
