create table t (id int primary key, a timestamptz default now(), b uuid default gen_random_uuid(), c text default current_user, d int default 1 + 2, e date default current_date);
