create temp table again as select * from t;
update again set id = id + 100;
insert into t select * from again order by id;
