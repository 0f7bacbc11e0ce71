create table texts (
  id int not null,
  c char(5),
  vc varchar(300),
  tt tinytext,
  t text,
  mt mediumtext,
  lt longtext,
  cb char(4) character set binary,
  vb varchar(5) character set binary,
  tb text character set binary,
  cbin varchar(10) collate utf8mb4_bin,
  primary key (id)
) character set utf8mb4;
insert into texts values
  (1, 'ab', repeat('x', 300), 'tiny', 'text', 'medium', 'long', 'ab', 'ab', 'ab', 'B'),
  (2, 'ab   ', '  sp  ', '', repeat('é', 200), repeat('m', 70000), '\0nul', x'00ff', x'00', x'ff', 'x'),
  (3, null, null, null, null, null, null, null, null, null, null);
