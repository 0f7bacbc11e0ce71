insert into t values (2, null);
insert into f values (2, 'b');
update f set b = 'c' where a = 1;
update f set a = 5 where a = 2;
delete from f;
