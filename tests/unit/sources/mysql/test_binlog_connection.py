"""Options, key stores, and what errors are told as."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from cdc.errors import (
    AccessDenied,
    CdcError,
    ConfigError,
    ConnectionFailed,
    PositionLost,
    ResourceBusy,
    ServerNotReady,
)
from cdc.sources.mysql.config import BinlogOptions, MariaDbConnection, MySqlConnection
from cdc.sources.mysql.failures import failure
from cdc.sources.mysql.tls import context
from tests.servers.tls import certificates

OPTIONS = {
    "database.hostname": "db",
    "database.user": "u",
    "database.password": "s3cret",
    "database.server.id": "184054",
}


def test_defaults_are_debeziums() -> None:
    mysql, mariadb = MySqlConnection(OPTIONS), MariaDbConnection(OPTIONS)
    assert (mysql.port, mysql.connect_timeout_ms, mysql.ssl_mode, mariadb.ssl_mode) == (
        3306,
        30_000,
        "preferred",
        "disable",
    )
    assert (mysql.server_id, mysql.server_id_offset) == (184054, 10_000)
    binlog = BinlogOptions({})
    assert (binlog.gtid_filter_dml, binlog.include_query, binlog.buffer_size) == (True, False, 0)
    assert (binlog.inconsistent_schema_handling, binlog.event_processing_failure_handling) == ("fail", "fail")
    with pytest.raises(ConfigError, match=r"database\.server\.id"):
        MySqlConnection({name: value for name, value in OPTIONS.items() if name != "database.server.id"})
    with pytest.raises(ConfigError, match=r"gtid\.source\.includes.* is already specified"):
        BinlogOptions({"gtid.source.includes": "a", "gtid.source.excludes": "b"})


@pytest.mark.parametrize(
    ("code", "text", "kind", "hint"),
    [
        (1045, "Access denied for user 'u'", AccessDenied, "database.password"),
        (1227, "you need (at least one of) the REPLICATION SLAVE privilege(s)", AccessDenied, "TO 'u'@'%'"),
        (1049, "Unknown database 'x'", ServerNotReady, "name of the database"),
        (1040, "Too many connections", ConnectionFailed, "max_connections"),
        (2003, "Can't connect to MySQL server on 'db'", ConnectionFailed, "database.hostname"),
        (2013, "Lost connection", ConnectionFailed, ""),
        (2006, "MySQL server has gone away", ConnectionFailed, ""),
        (1053, "Server shutdown in progress", ConnectionFailed, ""),
        (1213, "Deadlock found", ResourceBusy, ""),
        (2003, "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed", ServerNotReady, "truststore"),
        (1236, "Could not find first log file name in binary log index file", PositionLost, "when_needed"),
        (
            1236,
            "Cannot replicate because the source purged required binary logs.",
            PositionLost,
            "when_needed",
        ),
        (
            1236,
            "A slave with the same server_uuid/server_id as this slave has connected to the master",
            ServerNotReady,
            "database.server.id=184054",
        ),
        (1236, "log event entry exceeded max_allowed_packet", ServerNotReady, "max_allowed_packet"),
        (9999, "what nobody has seen", ServerNotReady, ""),
    ],
)
def test_errors_and_their_way_out(code: int, text: str, kind: type[CdcError], hint: str) -> None:
    found = failure(code, text, MySqlConnection(OPTIONS))
    assert type(found) is kind
    assert hint in found.hint
    assert text.split()[0] in found.message
    assert "s3cret" not in str(found)


@pytest.mark.parametrize(
    ("mode", "verifies", "checks_name"),
    [
        ("required", ssl.CERT_NONE, False),
        ("verify_ca", ssl.CERT_REQUIRED, False),
        ("verify_identity", ssl.CERT_REQUIRED, True),
    ],
)
def test_modes_of_tls(mode: str, verifies: int, checks_name: bool) -> None:
    made = context(
        MySqlConnection(
            OPTIONS | {"database.ssl.mode": mode, "database.ssl.truststore": str(certificates().ca)}
        )
    )
    assert made is not None
    assert (made.verify_mode, made.check_hostname) == (verifies, checks_name)


def test_without_tls_there_is_no_context() -> None:
    assert context(MySqlConnection(OPTIONS)) is None
    assert context(MariaDbConnection(OPTIONS)) is None


@pytest.mark.parametrize(
    ("start", "says"),
    [
        (b"\xfe\xed\xfe\xed\0\0\0\2", "is a Java key store.*keytool -importkeystore"),
        (b"\x30\x82\x01", "PKCS #12.*openssl pkcs12"),
    ],
)
def test_stores_of_java_name_their_conversion(tmp_path: Path, start: bytes, says: str) -> None:
    store = tmp_path / "store"
    store.write_bytes(start)
    for option in ("database.ssl.truststore", "database.ssl.keystore"):
        config = MySqlConnection(OPTIONS | {"database.ssl.mode": "required", option: str(store)})
        with pytest.raises(ServerNotReady, match=f"{option}: .*{says}"):
            context(config)
    store.unlink()
    with pytest.raises(ServerNotReady, match=r"cannot read .* No such file"):
        context(config)


def test_a_keystore_has_certificate_and_key(tmp_path: Path) -> None:
    both, one = tmp_path / "both.pem", tmp_path / "one.pem"
    both.write_text(certificates().client.read_text() + certificates().client_key.read_text())
    one.write_text(certificates().client.read_text())
    options = OPTIONS | {"database.ssl.mode": "required"}
    assert context(MySqlConnection(options | {"database.ssl.keystore": str(both)})) is not None
    with pytest.raises(ServerNotReady, match="holds no certificate with its private key"):
        context(MySqlConnection(options | {"database.ssl.keystore": str(one)}))
