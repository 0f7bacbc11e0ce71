"""The servers of the tests: most run on both products."""

from collections.abc import Iterator

import pytest

from tests.servers.mysql import MySQLServer


@pytest.fixture(params=["mysql", "mariadb"])
def server(request: pytest.FixtureRequest) -> MySQLServer:
    """Return a running server of either product."""
    found: MySQLServer = request.getfixturevalue(request.param)
    return found


@pytest.fixture(autouse=True)
def no_database_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """Drop the databases of the test: a snapshot asks for the definition of every table of its server."""
    yield
    for server in request.node.funcargs.values():
        if isinstance(server, MySQLServer) and server.alive:
            server.drop_databases()
