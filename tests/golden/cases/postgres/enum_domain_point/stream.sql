create temp table again as select * from misc;
update again set id = id + 100;
insert into misc select * from again order by id;
delete from misc where id in (select min(id) from misc);
