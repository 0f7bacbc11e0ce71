insert into t values (1, '2020-01-01', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'me', 1, '2020-01-01');
