insert into a values (4, 'w');
insert into b values (4, 'w');
