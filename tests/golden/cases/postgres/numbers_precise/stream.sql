create temp table again as select * from numbers;
update again set id = id + 100;
insert into numbers select * from again order by id;
delete from numbers where id in (select min(id) from numbers);
