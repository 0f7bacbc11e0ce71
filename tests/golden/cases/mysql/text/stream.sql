insert into texts values
  (101, 'ab', repeat('x', 300), 'tiny', 'text', 'medium', 'long', 'ab', 'ab', 'ab', 'B'),
  (102, 'ab   ', '  sp  ', '', repeat('é', 200), repeat('m', 70000), '\0nul', x'00ff', x'00', x'ff', 'x'),
  (103, null, null, null, null, null, null, null, null, null, null);
update texts set id = id + 1000 where id = 101;
update texts set c = null, vc = null, tt = null, t = null, mt = null, lt = null, cb = null, vb = null, tb = null, cbin = null where id = 102;
delete from texts where id = 1;
