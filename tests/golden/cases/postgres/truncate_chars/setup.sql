create table t (id int primary key, a text, v varchar(10), c char(6), n int, ta text[], u text not null);
alter table t replica identity full;
insert into t values (1, 'Hello é 😀x', 'short', 'abc', 5, '{x,y}', 'u'), (2, null, null, null, null, null, ''), (3, '', 'exactly 10', 'abcdef', 0, '{}', 'longer text');
