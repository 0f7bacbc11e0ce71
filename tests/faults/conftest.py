"""A server that may be killed, two databases of it, and the way from one to the other."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator

import pytest

from tests.faults.tables import create
from tests.servers.policy import require
from tests.servers.postgres import Database, PostgresServer


@pytest.fixture(scope="session")
def doomed_server() -> Iterator[PostgresServer]:
    """Return a PostgreSQL 17 of our own: it is going to be killed."""
    with require("postgres17"):
        server = PostgresServer(17).start()
    yield server
    server.stop()


@pytest.fixture
def doomed(doomed_server: PostgresServer) -> PostgresServer:
    """Return the server, alive."""
    if not doomed_server.alive:
        doomed_server.start()
    return doomed_server


@pytest.fixture
def databases(doomed: PostgresServer) -> Iterator[tuple[Database, Database]]:
    """Return source and target, with the tables of the load."""
    source, target = doomed.create_database(), doomed.create_database()
    create(source, target)
    yield source, target
    source.drop()
    target.drop()


@pytest.fixture
def seed() -> int:
    """Return the seed of this run; `CDC_TEST_SEED` repeats one."""
    chosen = int(os.environ.get("CDC_TEST_SEED") or random.SystemRandom().randrange(1 << 30))
    print(f"CDC_TEST_SEED={chosen}")
    return chosen
