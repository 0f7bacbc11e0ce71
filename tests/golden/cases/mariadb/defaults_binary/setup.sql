create table octets (id int primary key, b binary(3) not null default x'00ff7f', v varbinary(9) default x'c3a9ff');
insert into octets (id) values (1);
