"""Fixtures of what runs against a scripted server."""

from collections.abc import Iterator

import pytest

from tests.servers.scripted_mongo import ScriptedMongo, replica_set


@pytest.fixture
def nodes() -> Iterator[list[ScriptedMongo]]:
    """Return two nodes of a replica set."""
    started = replica_set(2)
    yield started
    for node in started:
        node.close()
