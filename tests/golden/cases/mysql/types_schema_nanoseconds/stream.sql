insert into every (en, sn) values ('y', 'x');
