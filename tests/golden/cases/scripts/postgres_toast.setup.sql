create extension if not exists hstore;
create table toast (
  id int primary key, small text, nulls text, t text, v varchar, b bytea, j json, jb jsonb, x xml, h hstore, n numeric, ta text[], ia int[],
  i8a bigint[], ba bytea[], ua uuid[], va varchar[], ja jsonb[], da date[], na numeric[], nn text not null
);
alter table toast alter t set storage external, alter v set storage external, alter b set storage external, alter j set storage external,
  alter jb set storage external, alter x set storage external, alter h set storage external, alter n set storage external,
  alter ta set storage external, alter ia set storage external, alter i8a set storage external, alter ba set storage external,
  alter ua set storage external, alter va set storage external, alter ja set storage external, alter da set storage external,
  alter na set storage external, alter nn set storage external;
alter table toast set (toast_tuple_target = 128);
