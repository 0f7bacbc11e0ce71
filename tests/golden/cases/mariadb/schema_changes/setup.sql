create table people (id int not null auto_increment primary key, name varchar(20) not null, note text);
create table other_things (a int, b int, unique key (a));
insert into people (name) values ('Ann'), ('Bob');
