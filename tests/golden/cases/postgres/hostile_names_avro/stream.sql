insert into "Sch ema.x"."we""ird {t}" values (2, 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 1, 2, 'U', 'i', 'p');
update "Sch ema.x"."we""ird {t}" set "I d" = 3 where "I d" = 1;
delete from "Sch ema.x"."we""ird {t}";
insert into "select"."table" values (2, 'y');
insert into "Ünïcode" values (2, 'y');
insert into "a-b_c.d" values (2);
insert into "x; drop table y" values (2, 'y');
