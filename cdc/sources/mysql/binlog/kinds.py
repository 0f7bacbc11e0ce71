"""Event types: `binary_log::Log_event_type` of MySQL, and MariaDB's own from 160 on."""

from __future__ import annotations

from enum import IntEnum


class Kind(IntEnum):
    """The type code in an event's header."""

    QUERY = 2
    STOP = 3
    ROTATE = 4
    INTVAR = 5
    LOAD = 6
    APPEND_BLOCK = 9
    DELETE_FILE = 11
    RAND = 13
    USER_VAR = 14
    FORMAT_DESCRIPTION = 15
    XID = 16
    BEGIN_LOAD_QUERY = 17
    EXECUTE_LOAD_QUERY = 18
    TABLE_MAP = 19
    WRITE_ROWS_V1 = 23
    UPDATE_ROWS_V1 = 24
    DELETE_ROWS_V1 = 25
    INCIDENT = 26
    HEARTBEAT = 27
    IGNORABLE = 28
    ROWS_QUERY = 29
    WRITE_ROWS = 30
    UPDATE_ROWS = 31
    DELETE_ROWS = 32
    GTID = 33
    ANONYMOUS_GTID = 34
    PREVIOUS_GTIDS = 35
    TRANSACTION_CONTEXT = 36
    VIEW_CHANGE = 37
    XA_PREPARE = 38
    PARTIAL_UPDATE_ROWS = 39
    TRANSACTION_PAYLOAD = 40
    HEARTBEAT_V2 = 41
    GTID_TAGGED = 42
    ANNOTATE_ROWS = 160
    BINLOG_CHECKPOINT = 161
    MARIADB_GTID = 162
    GTID_LIST = 163
    START_ENCRYPTION = 164
    QUERY_COMPRESSED = 165
    WRITE_ROWS_COMPRESSED_V1 = 166
    UPDATE_ROWS_COMPRESSED_V1 = 167
    DELETE_ROWS_COMPRESSED_V1 = 168
    WRITE_ROWS_COMPRESSED = 169
    UPDATE_ROWS_COMPRESSED = 170
    DELETE_ROWS_COMPRESSED = 171


ROWS: dict[int, tuple[str, bool, bool]] = {
    Kind.WRITE_ROWS_V1: ("c", False, False),
    Kind.UPDATE_ROWS_V1: ("u", False, False),
    Kind.DELETE_ROWS_V1: ("d", False, False),
    Kind.WRITE_ROWS: ("c", True, False),
    Kind.UPDATE_ROWS: ("u", True, False),
    Kind.DELETE_ROWS: ("d", True, False),
    Kind.PARTIAL_UPDATE_ROWS: ("u", True, False),
    Kind.WRITE_ROWS_COMPRESSED_V1: ("c", False, True),
    Kind.UPDATE_ROWS_COMPRESSED_V1: ("u", False, True),
    Kind.DELETE_ROWS_COMPRESSED_V1: ("d", False, True),
    Kind.WRITE_ROWS_COMPRESSED: ("c", True, True),
    Kind.UPDATE_ROWS_COMPRESSED: ("u", True, True),
    Kind.DELETE_ROWS_COMPRESSED: ("d", True, True),
}
"""For each type of rows event: operation, whether it has version 2's extra data, whether it is compressed."""

STATEMENTS = frozenset(
    (
        Kind.INTVAR,
        Kind.LOAD,
        Kind.APPEND_BLOCK,
        Kind.DELETE_FILE,
        Kind.RAND,
        Kind.USER_VAR,
        Kind.BEGIN_LOAD_QUERY,
    )
)
"""Parts of statements in STATEMENT format."""

MEANINGLESS = frozenset(
    (
        Kind.STOP,
        Kind.IGNORABLE,
        Kind.TRANSACTION_CONTEXT,
        Kind.VIEW_CHANGE,
        Kind.BINLOG_CHECKPOINT,
        Kind.START_ENCRYPTION,
    )
)
"""Nothing to us. The server decrypts what it sends, so the start of encryption is among them."""

IGNORABLE_FLAG = 0x80
ARTIFICIAL_FLAG = 0x20


def name_of(code: int) -> str:
    """Return an event type's name with its number."""
    return f"{Kind(code).name} ({code})" if code in Kind._value2member_map_ else f"unknown (type {code})"
