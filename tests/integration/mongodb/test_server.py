"""What the other tests rely on: the server that they start."""

import pytest
from pymongo.errors import OperationFailure

from tests.servers.mongodb import MongoServer
from tests.servers.policy import require


def test_changes_survive_a_kill(mongodb: MongoServer) -> None:
    name = mongodb.database_name()
    with mongodb.client() as client:
        with client[name].watch(max_await_time_ms=200) as stream:
            client[name].c.insert_one({"_id": 0})
            token = stream.next()["_id"]
        client[name].c.insert_many({"_id": i} for i in range(1, 100))
    mongodb.kill()
    assert not mongodb.alive
    mongodb.start()
    with mongodb.client() as client, client[name].watch(resume_after=token, max_await_time_ms=200) as stream:
        found = [change["documentKey"]["_id"] for change in iter(stream.try_next, None)]
    assert found == list(range(1, 100))


def test_only_the_user_comes_in() -> None:
    with require("mongodb"):
        server = MongoServer(auth=True, tls=True).start()
    with server.client() as client:
        client.db.c.insert_one({"_id": 1})
    with server._local() as client, pytest.raises(OperationFailure):
        client.db.c.insert_one({"_id": 2})
    server.stop()
    assert not server.alive
