update t set n = null;
