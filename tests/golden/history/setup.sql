create database inv character set latin1
create table inv.plain (id int primary key auto_increment, name varchar(20) not null default 'x', note text comment 'say "hi" \\ ünï €', tiny tinyint(1), big bigint unsigned, price decimal(10,2) default '1.50', fl float(7,3), dbl double, b1 bit(1) default b'1', d date default '2020-01-01', t time(3), dt datetime(6) default current_timestamp(6), ts timestamp null default null, y year, e enum('a','b''c','d,e') default 'a', s set('x','y') character set utf8mb4, bin binary(4), vb varbinary(9), bl mediumblob, txt varchar(10) character set utf8mb4 collate utf8mb4_bin, g point, gen int as (tiny + 1) stored, vir int generated always as (price * 2) virtual) comment='table ''comment''' default charset=utf8mb4
create table inv.nokey (a int, b char(3) not null)
create table inv.uniq (a int not null, b int, c int not null, unique key u1 (b), unique key u2 (c, a))
create table inv.two (x int, y varchar(10), z date, primary key (y, x))
create table inv.`we.ird "name"` (`a"b` int primary key, `c``d` varchar(5), `tab	x` int)
create view inv.v as select 1 as one
create database other
create table other.outside (id int primary key, j json)
