update alltypes set r = 1.5, n = 2.5, pt = '(1,2)', md = 'ok', h = 'a=>1', b5 = '10101', m = '$5', iv = '1 day';
