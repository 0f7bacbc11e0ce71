alter table plain add column j json, add column inv int invisible, alter column name set default 'zz'
create or replace table exprs (id int primary key, u varchar(36) default uuid(), f float, db double precision, r real, dec0 dec(5), fx fixed(6,1), vc varchar(3) default '')
create table ips (id int primary key, uu uuid)
