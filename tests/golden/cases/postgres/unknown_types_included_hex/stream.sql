create temp table again as select * from unknowns;
update again set id = id + 100;
insert into unknowns select * from again order by id;
