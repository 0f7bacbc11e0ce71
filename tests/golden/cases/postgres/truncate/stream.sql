truncate t cascade;
insert into t values (3, 'c');
truncate lone restart identity;
