create table dates (id int primary key, d date);
insert into dates values (1, 'infinity'), (2, '-infinity'), (3, '0044-03-15 BC'), (4, '1582-10-10'), (5, '5874897-12-31'), (6, '1582-10-04'), (7, '1582-10-15');
