insert into integers values
  (101, 127, 255, 1, 1, true, 32767, 65535, 8388607, 16777215, 2147483647, 4294967295, 42, 9223372036854775807, 9223372036854775807),
  (102, -128, 0, -128, 0, false, -32768, 0, -8388608, 0, -2147483648, 0, 0, -9223372036854775808, 0),
  (103, 1, 200, 9, 9, 7, -1, 40000, -1, 16000000, -1, 4000000000, 12345678, -1, 12345678901234567),
  (104, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
  (105, null, null, null, null, null, null, null, null, null, null, null, null, null, null);
update integers set id = id + 1000 where id = 101;
update integers set ti = null, tiu = null, t1 = null, t1u = null, bl = null, si = null, siu = null, mi = null, miu = null, i = null, iu = null, iz = null, bi = null, biu = null where id = 102;
delete from integers where id = 1;
