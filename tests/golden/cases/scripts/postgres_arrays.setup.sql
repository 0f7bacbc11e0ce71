create extension citext;
create table arrays (
  id int primary key, b boolean[], i2 smallint[], i4 int[], i8 bigint[], r real[], d double precision[], n numeric[],
  n52 numeric(5,2)[], t text[], v varchar(5)[], c char(3)[], u uuid[], j json[], jb jsonb[], by bytea[],
  ip inet[], ci citext[], ir int4range[], o oid[]
);
alter table arrays replica identity full;
insert into arrays values
  (1, '{t,f}', '{1,-2}', '{1,2}', '{1,9223372036854775807}', '{1.5,-0.1}', '{1.5,1e300}', '{1.5,3.14159}', '{1.50,-2}',
   '{a,"b c","q\"x","",NULL,"NULL","{}","a,b","back\\slash"}', '{a,b}', '{a,b}', '{A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11}',
   '{"{\"a\": 1}"}', '{"{\"a\":  1}"}', '{"\\x0102"}', '{127.0.0.1}', '{Ab}', '{"[1,5)"}', '{1,4294967295}'),
  (2, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
  (3, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null),
  (4, '{t,NULL}', '{1,NULL}', '{1,NULL}', '{1,NULL}', '{1,NULL}', '{1,NULL}', '{1,NULL}', '{1,NULL}', '{a,NULL}', '{a,NULL}',
   '{a,NULL}', '{NULL}', '{NULL}', '{NULL}', '{NULL}', '{NULL}', null, '{NULL}', '{NULL}');
