set sql_mode = '';
create table zeros (id int not null primary key,
  d date not null default '0000-00-00',
  dt datetime not null default '0000-00-00 00:00:00',
  ts timestamp not null default '0000-00-00 00:00:00',
  dn date default '0000-00-00',
  dtn datetime default '0000-00-00 00:00:00',
  tsn timestamp null default '0000-00-00 00:00:00'
);
insert into zeros (id) values (1);
