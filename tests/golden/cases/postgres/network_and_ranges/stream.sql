create temp table again as select * from nets;
update again set id = id + 100;
insert into nets select * from again order by id;
delete from nets where id in (select min(id) from nets);
