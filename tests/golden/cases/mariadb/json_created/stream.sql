insert into snapped values (3, '{"b": 1, "a": [1, 2.50, "é"]}', 'null'), (4, null, '[]');
create table docs (id int primary key, j json, n json not null, d json default '{"x": 1}');
insert into docs (id, j, n) values (1, '{"b": 1, "a": [1, 2.50, "é"]}', 'null'), (2, null, '[]');
alter table snapped add column more json;
insert into snapped values (5, '{}', '""', '{"b" : 1}');
