"""Snapshots: the rows that were there before the log begins."""
