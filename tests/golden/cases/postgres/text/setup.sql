create extension citext;
create extension ltree;
create table texts (
  id int primary key, t text, v varchar, v10 varchar(10), c char(5), c1 char, q "char", ci citext, x xml, u uuid,
  j json, jb jsonb, jp jsonpath, ts tsvector, tq tsquery, lt ltree
);
alter table texts replica identity full;
insert into texts values
  (1, 'plain', 'plain', 'ten', 'ab', 'x', 'q', 'CaseD', '<a b="c">d</a>', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11',
   '{"b": 1,  "a": [1, 2.50, null]}', '{"b": 1,  "a": [1, 2.50, null]}', '$.a[*]', 'the quick:3A brown', 'a & b', 'top.science'),
  (2, '', '', '', '', '', '', '', '', '00000000-0000-0000-0000-000000000000', '""', '""', '$', '', '', ''),
  (3, E'tab\t nl\n cr\r q" bs\\ sl/ del\x7f bell\x07 one\x01', E'\b\f', 'é', 'é', 'é', 'z', 'É', '<é/>',
   'ffffffff-ffff-ffff-ffff-ffffffffffff', E'"\\u00e9\\n"', E'"\\u00e9\\n"', '$."a b"', '''a b''', '''a b''', 'a_1.B'),
  (4, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null),
  (5, 'emoji 😀 中文 العربية ‎ ﻿ <>&''', E'\u2028\u2029\u0085', '😀😀', '中', '中', null, '中', '<a>&lt;&#233;</a>', null,
   'null', 'null', null, null, null, null),
  (6, '__debezium_unavailable_value', 'null', 'NULL', '     ', ' ', ' ', ' ', null, null,
   '12345678901234567890.1230', '12345678901234567890.1230', null, null, null, null);
