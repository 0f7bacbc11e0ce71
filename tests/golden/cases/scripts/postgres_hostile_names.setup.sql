create schema "Sch ema.x";
create schema "select";
create table "Sch ema.x"."we""ird {t}" ("I d" int primary key, "quo""te" text, "brace{}" text, "new
line" text, "ünï😀" text, "select" text, "dot.ted" text, "$dollar" text, "back\\slash" text, "1digit" int, "a-b" int, "UPPER" text, "it's" text, "%s" text);
insert into "Sch ema.x"."we""ird {t}" values (1, 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 1, 2, 'U', 'i', 'p');
create table "select"."table" ("from" int primary key, "where" text);
insert into "select"."table" values (1, 'x');
create table "Ünïcode" (id int primary key, "é" text);
insert into "Ünïcode" values (1, 'x');
create table "a-b_c.d" (id int primary key);
insert into "a-b_c.d" values (1);
create table "x; drop table y" (id int primary key, "v; --" text);
insert into "x; drop table y" values (1, 'x');
