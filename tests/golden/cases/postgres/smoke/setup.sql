create table public.t (id int primary key, v text);
insert into t values (1, 'snapshot'), (2, 'two');
