insert into "Sch ema.x"."we""ird {t}" values (2, 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 1, 2, 'U', 'i', 'p');
