update times set id = id where id = 1;
