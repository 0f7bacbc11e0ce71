"""Servers that may be killed, two databases of one, and the way from one to the other."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator

import pytest

from tests.faults.databases import Database
from tests.faults.mysql import MySqlDatabase
from tests.faults.postgres import PostgresDatabase
from tests.faults.tables import create
from tests.servers.mariadb import MariaDBServer
from tests.servers.mysql import MySQLServer
from tests.servers.policy import require
from tests.servers.postgres import PostgresServer


@pytest.fixture(scope="session")
def doomed_postgres() -> Iterator[PostgresServer]:
    """Return a PostgreSQL 17 of our own: it is going to be killed."""
    with require("postgres17"):
        server = PostgresServer(17).start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def doomed_mysql() -> Iterator[MySQLServer]:
    """Return a MySQL of our own."""
    with require("mysql"):
        server = MySQLServer().start()
    yield server
    server.kill()


@pytest.fixture(scope="session")
def doomed_mariadb() -> Iterator[MySQLServer]:
    """Return a MariaDB of our own."""
    with require("mariadb"):
        server = MariaDBServer().start()
    yield server
    server.kill()


@pytest.fixture(params=["postgres", "mysql", "mariadb"])
def databases(request: pytest.FixtureRequest) -> Iterator[tuple[Database, Database]]:
    """Return source and target, with the tables of the load, on one server of each product."""
    server = request.getfixturevalue(f"doomed_{request.param}")
    if not server.alive:
        server.start()
    of_product = PostgresDatabase if request.param == "postgres" else MySqlDatabase
    source, target = of_product(server), of_product(server)
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
