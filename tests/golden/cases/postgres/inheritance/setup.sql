create table parent (id int primary key, v text);
create table child (w text, primary key (id)) inherits (parent);
insert into child values (2, 'b', 'w');
