create temp table again as select * from hs;
update again set id = id + 100;
insert into hs select * from again order by id;
delete from hs where id in (select min(id) from hs);
