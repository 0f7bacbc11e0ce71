"""The servers of the tests: most run on both products."""

import pytest

from tests.servers.mysql import MySQLServer


@pytest.fixture(params=["mysql", "mariadb"])
def server(request: pytest.FixtureRequest) -> MySQLServer:
    """Return a running server of either product."""
    found: MySQLServer = request.getfixturevalue(request.param)
    return found
