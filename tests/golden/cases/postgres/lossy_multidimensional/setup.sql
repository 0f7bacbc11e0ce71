create table t (id int primary key, i int[], t text[]);
insert into t values (1, '{{1,2},{3,4}}', '{{a,b},{c,d}}'), (2, '[0:1]={1,2}', '[5:5]={a}');
