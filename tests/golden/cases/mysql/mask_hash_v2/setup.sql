create table people (id int not null primary key, name varchar(20) character set latin1, mail varchar(100), city varchar(6), u16 varchar(20) character set utf16, e enum('aa','bb'), n int, bin varbinary(9), t text) character set utf8mb4;
insert into people values (1, 'Grüße €', 'a@b.c', 'Zürich', 'ü😀', 'bb', 5, 'abcdefghi', 'tëxt text text'), (2, null, null, null, null, null, null, null, null);
