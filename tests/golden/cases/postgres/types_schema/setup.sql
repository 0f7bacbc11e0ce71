create extension ltree; create extension hstore;
create type mood as enum ('sad', 'ok', 'happy');
create table alltypes (
  id bigint primary key, b boolean not null, i2 smallint, r real, d double precision, n numeric, n52 numeric(5,2) not null, m money,
  t text not null, v varchar(10), c char(5), x xml, u uuid, j json, jb jsonb, ts tsvector, lt ltree, h hstore, by bytea, b1 bit,
  b5 bit(5), vb varbit, vb10 varbit(10), i inet, ir int4range, md mood, pt point, iv interval, oi oid, ta text[] not null, ma mood[]
);
insert into alltypes (id, b, n52, t, ta) values (1, true, 1.5, 'x', '{a}');
