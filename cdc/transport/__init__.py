"""Logs: where changes wait, in order, for those who read them."""
