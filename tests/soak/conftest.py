"""The servers of tests/faults."""

from tests.faults.conftest import databases, doomed_mariadb, doomed_mysql, doomed_postgres, seed

__all__ = ["databases", "doomed_mariadb", "doomed_mysql", "doomed_postgres", "seed"]
