use inv
alter table plain add column extra varchar(7) not null default 'q' after id, drop column fl
alter table plain modify column name varchar(40) character set utf8mb3 null comment 'c'
alter table plain change column dbl dbl2 double unsigned
create table liked like plain
create table sel as select id, name from plain
alter table two rename to three
rename table three to four, nokey to nokey2
create index ix on four (z)
drop index ix on four
truncate table four
alter table four drop primary key
alter table four add primary key (x)
alter table uniq add unique key u3 (a)
create table gone (id int)
drop table gone
drop table if exists liked, sel
drop table if exists never
create table other.outside2 (id int primary key)
alter table other.outside add column k int
drop table other.outside2
alter table four add constraint ck check (x > 0)
alter table plain comment='changed', convert to character set utf8mb4
alter database inv character set utf8mb4
create temporary table temp1 (a int)
create table `last` (id int primary key, v varchar(3) default null, n numeric, i int unsigned zerofill, ch char, nat national varchar(5), bo bool default true, l long, lt longtext, ser serial)
create view v2 as select 2 as two
drop view v2
create table part (id int not null primary key, at date) partition by range (id) (partition p0 values less than (10), partition p1 values less than maxvalue)
alter table part drop partition p0
insert into four values (1, 'a', null)
create database gonedb
create table gonedb.t1 (a int primary key)
drop database gonedb
