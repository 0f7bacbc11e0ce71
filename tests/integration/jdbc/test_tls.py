"""TLS to MySQL and MariaDB in every mode, and what it costs."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import pytest

from cdc.errors import AccessDenied, ConnectionFailed, SinkError
from sinks.jdbc import tls
from sinks.jdbc.session import Session
from sinks.jdbc.url import parse
from tests.servers.mysql import MySQLServer


@pytest.fixture(params=["mysql", "mariadb"])
def server(request: pytest.FixtureRequest) -> MySQLServer:
    found: MySQLServer = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def ca(server: MySQLServer) -> Path:
    return Path(server.certificates.ca) if server.dialect == "mariadb" else server.data / "ca.pem"


@pytest.fixture
def name(server: MySQLServer) -> str:
    made: str = server.create_database()
    return made


@pytest.fixture(autouse=True)
def _fresh() -> None:
    tls._context.cache_clear()


def cipher(server: MySQLServer, name: str, parameters: str) -> str:
    """Return how a session is encrypted; "" for not at all."""
    url = server.url(name)
    session = Session(parse(f"{url}{'&' if '?' in url else '?'}{parameters}"))
    session.open()
    try:
        ((_, found),) = session.execute("show session status like 'Ssl_cipher'")
        return str(found)
    finally:
        session.close()


def test_modes(server: MySQLServer, name: str, ca: Path) -> None:
    assert cipher(server, name, "sslMode=DISABLED") == ""
    for mode in (
        "sslMode=PREFERRED",
        "sslMode=REQUIRED",
        f"sslMode=VERIFY_CA&serverSslCert={ca}",
        "useSSL=true",
    ):
        assert cipher(server, name, mode), mode
    for mode in ("sslMode=VERIFY_CA", "sslMode=verify-full", "ssl_verify_cert=true"):
        with pytest.raises(ConnectionFailed, match="certificate verify failed"):
            cipher(server, name, mode)


def test_the_name_of_the_server_is_checked(server: MySQLServer, name: str, ca: Path) -> None:
    parameters = f"sslMode=VERIFY_IDENTITY&serverSslCert={ca}"
    if server.dialect == "mariadb":
        assert cipher(server, name, parameters)
    else:  # its own certificate has no name of a host
        with pytest.raises(ConnectionFailed, match=r"certificate is not valid for|[Hh]ostname|IP address"):
            cipher(server, name, parameters)


def test_a_client_with_a_certificate(server: MySQLServer, name: str) -> None:
    folder = server.certificates
    cert, key = (folder.client, folder.client_key)
    if server.dialect == "mysql":
        cert, key = (server.data / "client-cert.pem", server.data / "client-key.pem")
    server.execute("create user certified@'%' identified by 'pw' require x509")
    server.execute(f"grant all on {name}.* to certified@'%'")
    url = (
        f"jdbc:{server.dialect}://127.0.0.1:{server.port}/{name}?user=certified&password=pw&sslMode=REQUIRED"
    )
    try:
        with pytest.raises(AccessDenied):
            Session(parse(url)).open()
        session = Session(parse(f"{url}&ssl_cert={cert}&ssl_key={key}"))
        session.open()
        session.close()
    finally:
        server.execute("drop user certified@'%'")


def test_files_that_are_wrong_are_named(server: MySQLServer, name: str, tmp_path: Path) -> None:
    with pytest.raises(SinkError, match=r"nowhere\.pem: No such file"):
        cipher(server, name, f"sslMode=VERIFY_CA&serverSslCert={tmp_path}/nowhere.pem")
    (tmp_path / "ca.pem").write_text("no certificate")
    with pytest.raises(SinkError, match=r"ca\.pem.*PEM files are read"):
        cipher(server, name, f"sslMode=VERIFY_CA&serverSslCert={tmp_path}/ca.pem")


def test_authorities_are_loaded_once(
    server: MySQLServer, name: str, ca: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[Any] = []
    real = ssl.create_default_context

    def counted(**options: Any) -> ssl.SSLContext:
        loaded.append(options)
        return real(**options)

    monkeypatch.setattr(ssl, "create_default_context", counted)
    copy = tmp_path / "ca.pem"
    copy.write_bytes(ca.read_bytes())
    for _ in range(3):
        cipher(server, name, f"sslMode=VERIFY_CA&serverSslCert={copy}")
        cipher(server, name, "sslMode=REQUIRED")
        cipher(server, name, "sslMode=PREFERRED")
    assert loaded == [{"cafile": str(copy)}]
    copy.write_bytes(ca.read_bytes())  # renewed
    cipher(server, name, f"sslMode=VERIFY_CA&serverSslCert={copy}")
    assert len(loaded) == 2
