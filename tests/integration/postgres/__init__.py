"""The PostgreSQL source on real servers."""
