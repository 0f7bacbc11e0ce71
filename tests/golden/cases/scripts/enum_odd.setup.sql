set sql_mode = '';
create table odd (
  id int not null,
  e enum('a,b','c'),
  ei enum('a','b'),
  ein enum('a','b') not null,
  primary key (id)
);
insert into odd values
  (1, 'a,b', '', ''),
  (2, 'c', 'a', 'b');
