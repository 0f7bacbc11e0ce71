insert into toast values (1, 'small', null, repeat('t', 250), repeat('v', 250), decode(repeat('ab', 250), 'hex'),
  json_build_object('a', repeat('j', 250)), jsonb_build_object('a', repeat('b', 250)), xmlelement(name x, repeat('x', 250)),
  hstore('a', repeat('h', 250)), repeat('123456789', 60)::numeric, array[repeat('a', 250)], array_fill(1, array[60]), array_fill(2::bigint, array[30]),
  array[decode(repeat('cd', 250), 'hex')], array_fill('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid, array[15]), array[repeat('w', 250)::varchar],
  array[jsonb_build_object('a', repeat('k', 250))], array_fill('2020-01-01'::date, array[60]), array_fill(1.25::numeric, array[30]), repeat('n', 250));
update toast set small = 'changed';
update toast set t = 'short', small = 'again';
update toast set id = 2;
delete from toast;
