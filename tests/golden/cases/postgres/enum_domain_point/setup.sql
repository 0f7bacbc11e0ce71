create type mood as enum ('sad', 'ok', 'happy');
alter type mood add value 'so, so' before 'ok';
create type odd as enum ('a,b', 'q"uote', 'é', '{x}', ' ');
create domain positive as int check (value > 0);
create domain price as numeric(8,2);
create domain label as varchar(20);
create domain dprice as price;
create domain day as date;
create table misc (
  id int primary key, m mood, o odd, p positive, pr price, l label, dp dprice, dd day, pt point, oi oid, ma mood[], oa odd[]
);
alter table misc replica identity full;
insert into misc values
  (1, 'sad', 'a,b', 5, 1.50, 'lab', 2.5, '2020-01-02', '(1,-2.5)', 42, '{sad,happy}', '{"a,b","q\"uote"}'),
  (2, 'so, so', 'q"uote', null, null, '', null, null, '(0,1e300)', 0, '{}', '{}'),
  (3, null, null, null, null, null, null, null, null, null, null, null),
  (4, 'happy', '{x}', 1, 0, 'é', 0, '1970-01-01', '(NaN,Infinity)', 1, '{"so, so"}', '{é," "}');
