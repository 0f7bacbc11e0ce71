create table t (id text primary key, v text);
insert into t values ('é "q" 😀', 'a');
