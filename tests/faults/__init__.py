"""Crashes of everything that can crash, under load, and the count of what was lost or doubled."""
