create table t (id int primary key, s text, t text);
alter table t alter t set storage external;
