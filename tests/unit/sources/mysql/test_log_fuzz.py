"""Random and cut logs on the whole way to JSON: records, or an error that names file and position."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cdc.batch import Encoded
from cdc.capture.headers import context_headers
from cdc.capture.transactions import TransactionTracker
from cdc.errors import CdcError, ServerNotReady
from cdc.journals import MemoryJournal
from cdc.runtime.encoder import Encoder
from cdc.runtime.formats import build_format, build_headers
from cdc.sources.mysql import MariaDbConfig, MySqlConfig
from cdc.sources.mysql.binlog.decoder import EventDecoder
from cdc.sources.mysql.binlog.failures import FAULTS, EndOfDump, RefusedByServer, UnreadableEvent
from cdc.sources.mysql.binlog.groups import EventGroups
from cdc.sources.mysql.captured import CapturedTables
from cdc.sources.mysql.catalog import Catalog
from cdc.sources.mysql.definitions import Definitions, parse_recorded
from cdc.sources.mysql.flavours import MARIADB, MYSQL
from cdc.sources.mysql.history_order import order_of
from cdc.sources.mysql.log_decoder import LogDecoder
from cdc.sources.mysql.positions import Position
from cdc.sources.mysql.schema_history import SchemaHistory, Scope
from cdc.sources.mysql.schema_topic import SchemaTopic
from cdc.sources.mysql.statements import LoggedStatements
from cdc.sources.mysql.types.json_document import document_text
from schemas.ddl import Dialect, Schema
from schemas.table import TableId
from tests.unit.sources.mysql.binlogs import FILES, never, recorded, stream

MOST_SECONDS = 10.0
"""CPU time of one log; whole ones take some hundredths."""
_PLACE = re.compile(r"position \d+ of \S+")
_OPTIONS = {
    "topic.prefix": "p",
    "database.hostname": "h",
    "database.user": "u",
    "database.server.id": "1",
    "provide.transaction.metadata": "true",
    "include.query": "true",
    "skipped.operations": "none",
}
_ROWS = frozenset((23, 24, 25, 30, 31, 32, 39, 166, 167, 168, 169, 170, 171))


class NoServer(Catalog):
    """A server that knows no table any more."""

    def __init__(self) -> None: ...

    def create_statement(self, table: TableId) -> str | None:
        return None


class Reader:
    """All that a source has between the server's octets and the log's records."""

    def __init__(self, name: str, failures: str = "fail") -> None:
        mariadb = name.startswith("mariadb")
        flavour = MARIADB if mariadb else MYSQL
        config = (MariaDbConfig if mariadb else MySqlConfig)(_OPTIONS)
        topics, headers = config.topic_names(), context_headers(config, flavour.connector, 0)
        captured = CapturedTables(config, flavour, topics, headers)
        dialect = Dialect(mariadb, 101100 if mariadb else 80031)
        charset = "latin1" if mariadb else "utf8mb4"  # of the servers that the logs are from
        definitions = Definitions(Schema((), server_charset=charset), dialect, NoServer(), captured.wants)
        scope = Scope(captured.wants, captured.wants_database)
        position = Position(name, 4, flavour.gtid_set())
        history = SchemaHistory(
            MemoryJournal(), config, {}, scope, parse_recorded(dialect), order_of(flavour.gtid_set)
        )
        topic = SchemaTopic(config, flavour, topics, headers)
        statements = LoggedStatements(config, position, captured, definitions, history, topic)
        tracker = TransactionTracker(topics.transaction)
        self.decoder = LogDecoder(
            position, statements.tables, statements, config.skipped_operations, failures, tracker
        )
        self._events = EventDecoder(name)
        self._groups = EventGroups(never, name, queries=True)
        self._encoder = Encoder(
            build_format("key", {}, {}), build_format("value", {}, {}), build_headers({}, {})
        )

    def read(self, data: bytes) -> int:
        """Read octets as they come; return how many records they made."""
        return sum(map(len, self.records(data)))

    def records(self, data: bytes) -> Iterator[Encoded]:
        """Read octets as they come; yield the records that they made."""
        outcomes = self._groups.feed(self._events.decode(data))
        done = False
        while not done:
            done = self.decoder.take(outcomes, 2000)
            for batch in self.decoder.batches(0):
                yield from self._encoder.encode(batch)


def survives(name: str, data: bytes, size: int = 1 << 20) -> int:
    """Read a log in chunks; return how many records there are. An error has to say where it is."""
    reader, count, started = Reader(name), 0, time.process_time()
    try:
        for at in range(0, len(data), size):
            count += reader.read(data[at : at + size])
    except CdcError as error:
        assert _PLACE.search(str(error)), error  # noqa: PT017
    except (RefusedByServer, EndOfDump):
        pass
    assert time.process_time() - started < MOST_SECONDS
    assert count <= len(data)
    return count


@pytest.mark.parametrize("name", FILES)
def test_whole_logs_become_records(name: str) -> None:
    data = stream(recorded(name))
    if "statement" in name:
        with pytest.raises(ServerNotReady, match=r"position \d+ of .* as a statement"):
            Reader(name).read(data)
        return
    count, bytewise = Reader(name).read(data), Reader(name)
    assert count == sum(bytewise.read(data[at : at + 7]) for at in range(0, len(data), 7)) > 0


def test_rows_without_columns() -> None:
    events = [bytearray(one) for one in recorded("mysql80-nocrc.bin")]
    inserts = next(one for one in events if one[4] == 30)
    assert (inserts[29], inserts[30]) == (3, 0xFF)
    inserts[30] = 0  # of three columns none is there
    with pytest.raises(UnreadableEvent, match=r"position \d+ of .*: its rows have no columns"):
        Reader("mysql80-nocrc.bin").read(stream(map(bytes, events)))


def test_a_value_that_is_none(caplog: pytest.LogCaptureFixture) -> None:
    """Its event counts as one that cannot be read, although only those who want the value notice."""
    name = "mysql80-nocrc.bin"
    events = [bytearray(one) for one in recorded(name)]
    whole = Reader(name).read(stream(map(bytes, events)))
    inserts = next(one for one in events if one[4] == 30)
    inserts[inserts.index(b"\x01x") + 6] = 99  # the first octet of a document: no such kind
    data = stream(map(bytes, events))
    with pytest.raises(UnreadableEvent, match=r"rows event at position \d+ of mysql80-nocrc.bin"):
        Reader(name).read(data)
    for mode, told in (("skip", 0), ("warn", 1)):
        reader = Reader(name, mode)
        assert reader.read(data) == whole - 2
        assert reader.decoder.unreadable == 1
        assert caplog.text.count("it is left out") == told
    assert re.search(r"position \d+ of mysql80-nocrc.bin: .*; it is left out", caplog.text)


@settings(max_examples=60)
@given(st.sampled_from(FILES), st.randoms(use_true_random=False), st.integers(1, 6))
def test_rows_with_some_bytes_changed(name: str, chance: random.Random, changes: int) -> None:
    events = [bytearray(one) for one in recorded(name)]
    rows = [one for one in events if one[4] in _ROWS]
    for _ in range(changes if rows else 0):
        victim = chance.choice(rows)
        victim[chance.randrange(19, len(victim))] = chance.choice(
            (0, 1, 127, 128, 255, chance.randrange(256))
        )
    survives(name, stream(map(bytes, events)))


@settings(max_examples=60)
@given(st.sampled_from(FILES), st.randoms(use_true_random=False), st.integers(1, 12))
def test_logs_with_some_bytes_changed(name: str, chance: random.Random, changes: int) -> None:
    events = [bytearray(one) for one in recorded(name)]
    for _ in range(changes):
        victim = chance.choice(events[1:])
        victim[chance.randrange(len(victim))] = chance.randrange(256)
    survives(name, stream(map(bytes, events)))


@settings(max_examples=60)
@given(st.sampled_from(FILES), st.randoms(use_true_random=False), st.booleans())
def test_logs_that_are_cut(name: str, chance: random.Random, fits: bool) -> None:
    events = recorded(name)
    at = chance.randrange(1, len(events))
    cut = events[at][: chance.randrange(13, len(events[at]))]
    if fits:  # its own length says so too: the readers of its parts meet the end
        cut = cut[:9] + len(cut).to_bytes(4, "little") + cut[13:]
    rest = events[at + 1 :] if chance.random() < 0.5 else []
    survives(name, stream([*events[:at], cut, *rest]), chance.choice((11, 500, 1 << 20)))


@settings(max_examples=40)
@given(st.sampled_from(FILES), st.randoms(use_true_random=False))
def test_events_in_any_order_twice_or_never(name: str, chance: random.Random) -> None:
    first, *events = recorded(name)
    survives(name, stream([first, *chance.choices(events, k=len(events))]))


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from((0, 1, 2, 3)), st.binary(max_size=300), st.integers(0, 40))
def test_any_octets_as_a_document(kind: int, octets: bytes, count: int) -> None:
    size = 2 if kind in (0, 2) else 4
    head = count.to_bytes(size, "little") + (len(octets)).to_bytes(size, "little")
    for data in (bytes([kind]) + head + octets, octets):
        started = time.process_time()
        try:
            assert len(document_text(data.decode("latin-1"))) < 400 * (len(data) + 1)
        except FAULTS:
            pass
        assert time.process_time() - started < MOST_SECONDS


def _nested(levels: int) -> Iterator[bytes]:
    """Yield arrays of two members that both are the next one."""
    for level in range(levels):
        next_one = (10 * (level + 1) - 10 * level).to_bytes(2, "little")
        yield (2).to_bytes(2, "little") + b"\xff\0" + (b"\2" + next_one) * 2
    yield b"\0" * 4


def test_a_document_that_unfolds_without_end() -> None:
    with pytest.raises(ValueError, match="overlap"):
        document_text((b"\2" + b"".join(_nested(60))).decode("latin-1"))
    with pytest.raises(ValueError, match="overlap"):  # a member that is the array itself
        document_text((b"\2\1\0\xff\0\2\0\0").decode("latin-1"))
