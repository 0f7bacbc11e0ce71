insert into charsets values
  (101, 'Grüße 😀 €', 'Grüße €', 'plain', 'Grüße €', 'Zażółć', '汉字 abc', '汉字', '日本語', '日本語', '日本語', '한국어', '漢字', 'Привет', 'Привіт', 'Привет', 'Ελλάδα', 'שלום', 'Grüße 😀 €', 'Grüße 😀 €', 'Grüße 😀 €', 'Grüße €', 'Привет', 'täxt', '汉字', 'lång 😀', 'ö', 'ä,€', '字', 'né', 'né'),
  (102, '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', 'ä', '', '汉', '', ''),
  (103, 'quote" back\\slash', 'tab\tnl\n', '\'{}', 'a\\b', 'x', '\\', 'x', '\\~', 'x', 'x', 'x', 'x', 'x', 'x', 'x', 'x', 'x', '"', '\\', '{', '}', 'trail  ', '%', 'x', 'y', '€', 'ö', '汉', 'ab', 'ab'),
  (104, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null);
update charsets set id = id + 1000 where id = 101;
update charsets set u8 = null, u3 = null, asc_ = null, l1 = null, l2 = null, gbk_ = null, gb2 = null, sj = null, c932 = null, uj = null, ek = null, b5 = null, kr = null, ku = null, c1251 = null, gr = null, he = null, u16 = null, u16l = null, u32 = null, uc2 = null, c866 = null, tt = null, mt = null, lt = null, e1 = null, s1 = null, eg = null, nc = null, nv = null where id = 102;
delete from charsets where id = 1;
