alter table t add column n numeric(6,2) default 1.5;
insert into t values (4, 'd', 4);
