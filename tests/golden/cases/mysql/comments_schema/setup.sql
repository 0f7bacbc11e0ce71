create table commented (id int not null primary key comment 'the key', v varchar(5) comment 'a value') comment 'a table';
insert into commented values (1, 'a');
