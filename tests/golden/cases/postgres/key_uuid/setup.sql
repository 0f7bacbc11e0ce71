create table t (id uuid primary key, v text);
insert into t values ('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'a');
