create table flags (
  id tinyint(1) not null primary key,
  a tinyint(1),
  b tinyint(1) not null,
  c tinyint,
  d tinyint(1) unsigned default 1,
  e bool not null default true,
  f tinyint(4),
  g smallint
);
insert into flags values (1, 1, 0, 1, 1, 0, 1, 1), (2, null, 7, null, null, 1, null, null), (3, 0, 1, 0, 0, 1, 0, 0);
