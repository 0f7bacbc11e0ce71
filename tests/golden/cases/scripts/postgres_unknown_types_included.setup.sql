create type pair as (a int, b text);
create table unknowns (
  id int primary key, bx box, ci circle, ln line, ls lseg, pa path, po polygon, lsn pg_lsn, ti tid, xs xid, pr pair,
  i4m int4multirange, rg regclass, sn pg_snapshot, last text
);
alter table unknowns replica identity full;
insert into unknowns values
  (1, '(1,1),(0,0)', '<(1,1),2>', '{1,2,3}', '[(0,0),(1,1)]', '[(0,0),(1,1)]', '((0,0),(1,1),(1,0))', '0/16B3748', '(1,2)', '7', '(1,x)',
   '{[1,2),[5,6)}', 'pg_class', '10:20:', 'last'),
  (2, null, null, null, null, null, null, null, null, null, null, null, null, null, null);
