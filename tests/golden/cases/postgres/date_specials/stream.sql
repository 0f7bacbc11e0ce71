create temp table again as select * from dates;
update again set id = id + 100;
insert into dates select * from again order by id;
