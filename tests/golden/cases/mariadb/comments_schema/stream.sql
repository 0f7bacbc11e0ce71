update commented set v = 'b';
