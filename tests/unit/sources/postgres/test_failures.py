"""What the server says, as our errors."""

from __future__ import annotations

import pytest

from cdc.errors import AccessDenied, CdcError, ConnectionFailed, PositionLost, ResourceBusy, ServerNotReady
from cdc.sources.postgres.config import PostgresConfig
from cdc.sources.postgres.failures import failure

CONFIG = PostgresConfig(
    {
        "topic.prefix": "p",
        "database.hostname": "h",
        "database.user": "u{0}",
        "database.password": "secret",
        "database.dbname": "d",
    }
)


@pytest.mark.parametrize(
    ("message", "state", "kind"),
    [
        ("x", "28P01", AccessDenied),
        ('role "u{0}" does not exist', None, AccessDenied),
        ("permission denied for table t", "42501", AccessDenied),
        ('database "d" does not exist', None, ServerNotReady),
        ('relation "database_x" does not exist', "42P01", ServerNotReady),
        ("all replication slots are in use", "53400", ServerNotReady),
        ("number of requested standby connections exceeds max_wal_senders", "53300", ServerNotReady),
        ('replication slot "s" is active for PID 1', "55006", ResourceBusy),
        ('can no longer get changes from replication slot "s"', "55000", PositionLost),
        ("sorry, too many clients already", "53300", ConnectionFailed),
        ("terminating connection due to administrator command", "57P01", ConnectionFailed),
        ("server closed the connection unexpectedly", None, ConnectionFailed),
        ("syntax error", "42601", ServerNotReady),
    ],
)
def test_kinds(message: str, state: str | None, kind: type[CdcError]) -> None:
    error = failure(message, state, CONFIG)
    assert type(error) is kind
    assert "h:5432, database d" in str(error)
    assert "secret" not in repr(error)
