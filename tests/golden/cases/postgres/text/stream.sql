create temp table again as select * from texts;
update again set id = id + 100;
insert into texts select * from again order by id;
delete from texts where id in (select min(id) from texts);
