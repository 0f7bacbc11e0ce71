create temp table again as select * from arrays;
update again set id = id + 100;
insert into arrays select * from again order by id;
