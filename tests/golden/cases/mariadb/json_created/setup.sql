create table snapped (id int primary key, j json, n json not null);
insert into snapped values (1, '{"b": 1, "a": [1, 2.50, "é"]}', 'null'), (2, null, '[]');
