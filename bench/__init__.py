"""Measure `cdc` against the database's own tools and against real Debezium, in one run.

`python -m bench [NAME…]` is what `make bench` runs; `docs/performance.md` holds the last full table.
"""
