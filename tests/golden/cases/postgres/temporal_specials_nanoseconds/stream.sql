create temp table again as select * from times;
update again set id = id + 100;
insert into times select * from again order by id;
