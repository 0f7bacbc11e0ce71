create extension hstore;
create table hs (id int primary key, h hstore, ha hstore[]);
alter table hs replica identity full;
insert into hs values
  (1, 'a=>1, b=>NULL, "c d"=>"x\"y\\z"', null),
  (2, '', null), (3, null, null), (4, '"é{}"=>"=>,", "1"=>"😀"', null);
