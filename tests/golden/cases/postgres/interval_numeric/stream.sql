create temp table again as select * from ivs;
update again set id = id + 100;
insert into ivs select * from again order by id;
delete from ivs where id in (select min(id) from ivs);
