insert into t values (2, 'new');
update t set v = 'newer' where id = 1;
delete from t where id = 2;
alter table t add column w int not null default 5;
insert into t values (3, 'x', 6);
