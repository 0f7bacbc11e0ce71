create table t (id int primary key, v text);
comment on table t is 'the table';
comment on column t.v is 'the "column"';
insert into t values (1, 'x');
