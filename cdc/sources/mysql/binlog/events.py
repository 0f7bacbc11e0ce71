"""Events of the binary log.

https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_replication_binlog_event.html and
https://mariadb.com/kb/en/replication-protocol/. Rows stay bytes: a `Rows` event tells where its rows
are in a `Chunk`, and by its `Shape` how they are laid out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

Gtid = str
"""`uuid:number`, `uuid:tag:number` (MySQL 8.3), or MariaDB's `domain-server-sequence`."""


class Chunk:
    """Bytes as they came, and the same as text in which each character is one byte (latin-1)."""

    __slots__ = ("data", "text")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.text = data.decode("latin-1")


@dataclass(slots=True)
class Event:
    """What all events have.

    timestamp: seconds since 1970, when the statement began. server_id: where it was first executed.
    pos, end: where it is in its file, and where the next one is; events of a compressed transaction
    have those of the whole payload. serial: how many events the decoder had given before.
    """

    timestamp: int
    server_id: int
    pos: int
    end: int
    serial: int


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """One column as a table map describes it. None: the log does not say.

    type: MYSQL_TYPE_* with ENUM (247), SET (248) and STRING (254) told apart.
    metadata, by type:
      FLOAT, DOUBLE: bytes of the value. VARCHAR, VAR_STRING, STRING: longest value in bytes (its
      length takes one byte below 256, else two). BLOB, GEOMETRY, JSON, VECTOR: bytes of the length.
      BIT: bits. NEWDECIMAL: precision << 8 | scale. TIME2, DATETIME2, TIMESTAMP2: fraction digits.
      ENUM, SET: bytes of the value. Others: 0.
    MariaDB's compressed columns (140 blob, 141 varchar) have the metadata of their plain kin.
    unsigned: of numbers. collation: of character columns, of ENUM and SET. members: of ENUM and SET,
    in the column's character set. geometry: 0 any, 1 point … 7 collection. dimension: of VECTOR.
    """

    type: int
    metadata: int
    nullable: bool
    unsigned: bool | None = None
    collation: int | None = None
    name: str | None = None
    members: tuple[bytes, ...] | None = None
    geometry: int | None = None
    visible: bool = True
    dimension: int | None = None


@dataclass(frozen=True, slots=True)
class KeyPart:
    """A column of the primary key, by index; prefix: its leading bytes or characters that count, 0 all."""

    column: int
    prefix: int = 0


class TableMap:
    """What a table looks like in the rows events that follow; the same object as long as nothing changes.

    body: the event without header and checksum. `columns` and `primary_key` are read when somebody asks
    (raising `UnreadableEvent`), so that an odd table which nobody captures does no harm.
    """

    def __init__(
        self,
        body: bytes,
        database: str,
        table: str,
        width: int,
        parse: Callable[[TableMap], tuple[tuple[ColumnMap, ...], tuple[KeyPart, ...] | None]],
    ) -> None:
        self.body, self.database, self.table, self.width = body, database, table, width
        self._parse = parse

    @property
    def id(self) -> int:
        """The number that rows events use for it."""
        return int.from_bytes(self.body[:6], "little")

    @cached_property
    def _parsed(self) -> tuple[tuple[ColumnMap, ...], tuple[KeyPart, ...] | None]:
        return self._parse(self)

    @property
    def columns(self) -> tuple[ColumnMap, ...]:
        """The columns, `width` of them."""
        return self._parsed[0]

    @property
    def primary_key(self) -> tuple[KeyPart, ...] | None:
        """The primary key; None where the log does not say (binlog_row_metadata=MINIMAL, or none)."""
        return self._parsed[1]

    def __repr__(self) -> str:
        return f"TableMap({self.id}, {self.database}.{self.table}, {self.width} columns)"


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """How the rows of an event are laid out; the same object for all events that are laid out alike.

    So decoders can be kept by shape: one table map and one set of present columns has one `Shape`.
    op: c, u or d. before, after: bitmaps of the columns present in the old and the new image
    (bit n & 7 of byte n >> 3 is column n; bits behind the last column mean nothing), None where the
    operation has no such image. partial: PARTIAL_UPDATE_ROWS, whose new image starts with its value
    options and may hold JSON differences.

    Each image is a null bitmap over the present columns, then the values that are not null. A row is
    the old image, if any, then the new one, if any.
    """

    table: TableMap
    op: str
    before: bytes | None
    after: bytes | None
    partial: bool = False


@dataclass(slots=True)
class Rows(Event):
    """Rows of one table: `chunk.data[start:stop]`, laid out as `shape` says; never empty.

    number: how many events of its transaction are before it, with the one that begins it.
    """

    shape: Shape
    chunk: Chunk
    start: int
    stop: int
    number: int = 0


@dataclass(slots=True)
class RowsQuery(Event):
    """The statement behind the rows that follow; the server's settings say whether there is one.

    (binlog_rows_query_log_events of MySQL, binlog_annotate_row_events of MariaDB.)
    """

    text: str


@dataclass(slots=True)
class Rotate(Event):
    """The log goes on in `file` at `position`. artificial: the server only tells where we are."""

    file: str
    position: int
    artificial: bool


@dataclass(slots=True)
class FormatDescription(Event):
    """The head of a file. created: seconds since 1970 where the server started with this file, else 0.

    checksum: bytes of it behind each event.
    """

    server_version: str
    created: int
    checksum: int


@dataclass(slots=True)
class GtidEvent(Event):
    """A transaction starts: MySQL's GTID (anonymous: None), tagged or not, or MariaDB's.

    opens: the transaction begins with this very event (MariaDB), not with a BEGIN that follows.
    atomic: all of it commits once it is in the log; else it may still end in a ROLLBACK. The commit
    times are in microseconds since 1970, 0 where the log does not say. prepares: the XID of the XA
    transaction that it prepares (MariaDB; MySQL's begin with an XA START).
    """

    gtid: Gtid | None
    opens: bool = False
    atomic: bool = True
    original_commit_us: int = 0
    immediate_commit_us: int = 0
    prepares: str | None = None


@dataclass(slots=True)
class GtidSetEvent(Event):
    """All GTIDs of the files before this one (PREVIOUS_GTIDS, MariaDB's GTID_LIST), in their notation."""

    gtids: str


@dataclass(slots=True)
class Query(Event):
    """A statement as it was written, with what it needs to be understood.

    sql: in the session's character set. error: what the statement ended with; 0 for success.
    collation: of the session's character_set_client. None: not in the event.
    """

    thread_id: int
    database: str
    sql: str
    error: int = 0
    sql_mode: int | None = None
    collation: int | None = None
    server_collation: int | None = None
    database_collation: int | None = None
    time_zone: str | None = None


@dataclass(slots=True)
class BeginQuery(Event):
    """The statement BEGIN."""

    thread_id: int


@dataclass(slots=True)
class Xid(Event):
    """A transaction commits."""

    xid: int


@dataclass(slots=True)
class XaPrepare(Event):
    """An XA transaction is prepared; one_phase: it commits with that. xid: as `XA COMMIT` names it."""

    xid: str
    one_phase: bool


@dataclass(slots=True)
class Heartbeat(Event):
    """The server is idle, or skips what we have, and is at `end` of `file`."""

    file: str


@dataclass(slots=True)
class Incident(Event):
    """The server lost events, and says so."""

    message: str


@dataclass(slots=True)
class StatementContext(Event):
    """Part of a statement in STATEMENT format (INTVAR, RAND, USER_VAR, LOAD DATA)."""

    kind: str


@dataclass(slots=True)
class Ignored(Event):
    """An event that tells us nothing (Stop, view changes, what the server marks as ignorable)."""

    kind: int
