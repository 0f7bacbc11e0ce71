create table t (
  id serial primary key, i int default 5, i8 bigint default -9223372036854775808, b boolean default true, r real default 1.5, d double precision default 1e10,
  n numeric default 3.14, n52 numeric(5,2) default 1.5, t text default 'it''s', v varchar(10) default 'v', c char(3) default 'c', e text default '',
  da date default '2020-01-02', ti time default '01:02:03', ts timestamp default '2020-01-02 03:04:05.678', tz timestamptz default '2020-01-02 03:04:05+00',
  iv interval default '1 day', u uuid default 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', j jsonb default '{"a": 1}', by bytea default '\x0102', bt bit(3) default '101',
  nul text default null, ia int[] default '{1,2}', ta text[] default '{}', inn int not null default 9, tnn text not null default 'nn', m money default '$1'
);
insert into t default values;
