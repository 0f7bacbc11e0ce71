update hs set id = id where id = 1;
