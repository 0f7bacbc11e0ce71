create temp table again as select * from bins;
update again set id = id + 100;
insert into bins select * from again order by id;
delete from bins where id in (select min(id) from bins);
