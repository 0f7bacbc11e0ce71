insert into expressions values (2, null, null, null, null, null);
