update t set v = 'a';
update t set w = 'excluded';
update t set v = 'new';
update d set v = 'a';
