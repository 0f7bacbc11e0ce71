"""The servers of tests/faults."""

from tests.faults.conftest import databases, doomed, doomed_server, seed

__all__ = ["databases", "doomed", "doomed_server", "seed"]
