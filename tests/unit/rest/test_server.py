"""The API over a real socket."""

import socket

import httpx
import pytest

from cdc.rest.server import ListenFailed, listen, start
from tests.fakes.herder import FakeHerder


def test_serves_until_stopped() -> None:
    server = start(FakeHerder(), listen("127.0.0.1", 0))
    host, port = server.address
    assert httpx.get(f"{server.url}/connectors/").json() == []
    server.stop()
    server.stop()
    with socket.socket() as probe:
        assert probe.connect_ex((host, port)) != 0


def test_stop_right_after_start() -> None:
    start(FakeHerder(), listen("127.0.0.1", 0)).stop()


def test_an_address_in_use_names_the_option() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ListenFailed, match=rf"127\.0\.0\.1:{port}.*--listen"):
            start(FakeHerder(), listen("127.0.0.1", port))
