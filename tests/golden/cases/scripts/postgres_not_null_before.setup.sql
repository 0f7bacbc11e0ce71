create table t (
  id int primary key, b boolean not null, i2 smallint not null, i8 bigint not null, r real not null, d double precision not null,
  n numeric not null, n52 numeric(5,2) not null, t text not null, c char(3) not null, j jsonb not null, u uuid not null, by bytea not null,
  bt bit(5) not null, da date not null, ti time not null, ts timestamp not null, tz timestamptz not null, ttz timetz not null,
  iv interval not null, ia int[] not null, ta text[] not null, i inet not null, x xml not null, m money not null,
  pt point not null, rg int4range not null, df int not null default 7, dt text not null default 'dflt'
);
insert into t values (1, true, 1, 1, 1, 1, 1, 1, 'x', 'x', '{}', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '\x01', '10101', '2020-01-01', '01:02', '2020-01-01',
  '2020-01-01 00:00+00', '01:02+00', '1 day', '{1}', '{a}', '::1', '<a/>', '$1', '(1,2)', '[1,2)', 8, 'y');
