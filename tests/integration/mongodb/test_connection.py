"""Who comes in, and what is said to those who do not."""

from collections.abc import Iterator

import pytest

from cdc.errors import AccessDenied, ConnectionFailed, ServerNotReady
from cdc.sources.mongodb.client import connect, translated
from cdc.sources.mongodb.config import MongoConfig
from tests.servers.mongodb import PASSWORD, USER, MongoServer
from tests.servers.policy import require


@pytest.fixture(scope="module")
def secure() -> Iterator[MongoServer]:
    with require("mongodb"):
        server = MongoServer(auth=True, tls=True).start()
    yield server
    server.stop()


def config(server: MongoServer, **more: str) -> MongoConfig:
    options = {
        "mongodb.hosts": f"{server.replica_set}/{server.host}:{server.port}",
        "topic.prefix": "p",
        "mongodb.ssl.enabled": "true",
        "mongodb.ssl.truststore": str(server.certificates.ca),
        "mongodb.user": USER,
        "mongodb.password": PASSWORD,
        "mongodb.server.selection.timeout.ms": "2000",
    }
    return MongoConfig(options | {name.replace("_", "."): value for name, value in more.items()})


def test_password_and_tls(secure: MongoServer) -> None:
    found = config(secure)
    with connect(found) as client, translated(found):
        assert client.admin.command("ping")["ok"] == 1


def test_a_wrong_password(secure: MongoServer) -> None:
    found = config(secure, mongodb_password="wrong")
    with (
        pytest.raises(AccessDenied, match=r"mongodb\.authsource") as caught,
        connect(found) as client,
        translated(found),
    ):
        client.db.c.find_one()
    assert "wrong" not in str(caught.value)


def test_an_unknown_authority(secure: MongoServer) -> None:
    found = config(secure, mongodb_ssl_truststore=str(secure.certificates.client))
    with pytest.raises(ServerNotReady, match=r"mongodb\.ssl\.truststore"):
        connect(found)


def test_nobody_there(secure: MongoServer) -> None:
    with pytest.raises(ConnectionFailed, match=r"127\.0\.0\.1:1"):
        connect(config(secure, mongodb_hosts="rs0/127.0.0.1:1"))


def test_a_standalone_server() -> None:
    with require("mongodb"):
        server = MongoServer(arguments=["--standalone"])
        if server.real:
            pytest.skip("the real server is started as a replica set")
        server.start()
    options = {"mongodb.connection.string": f"mongodb://{server.host}:{server.port}/", "topic.prefix": "p"}
    with pytest.raises(ServerNotReady, match=r"rs\.initiate"):
        connect(MongoConfig(options))
    server.stop()
