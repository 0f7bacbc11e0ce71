update arrays set id = id where id = 4;
