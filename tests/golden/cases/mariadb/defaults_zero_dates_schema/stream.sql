set sql_mode = '';
insert into zeros (id) values (2);
