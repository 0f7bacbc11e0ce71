create temp table again as select * from nans;
update again set id = id + 100;
insert into nans select * from again order by id;
