"""Keeping and recovering the history of definitions, over histories that real Debezium wrote."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from cdc.errors import ConfigError, SchemaHistoryLost
from cdc.journals import FileJournal, MemoryJournal
from cdc.metrics import Metrics
from cdc.plugin import SourceContext
from cdc.sources.mysql.config import HistoryOptions
from cdc.sources.mysql.gtid import MariaDbGtidSet, MySqlGtidSet, SourceFilter
from cdc.sources.mysql.history_order import order_of
from cdc.sources.mysql.schema_history import LOST, SchemaHistory, Scope, open_journal
from cdc.transport.memory import MemoryLog
from schemas import history
from schemas.definition import ChangeKind, ColumnDefinition, SchemaChange, TableChange, TableDefinition
from schemas.table import TableId

GOLDEN = Path(__file__).parents[3] / "golden" / "history"
PARTITION = {"server": "plain"}
END = {"file": "binlog.999999", "pos": 4}

Tables = Mapping[TableId, TableDefinition]


def recorded(product: str = "mysql") -> list[bytes]:
    lines = (GOLDEN / f"{product}_history.jsonl").read_text("utf-8").split("\n")
    return [json.loads(line)[1].encode() for line in lines if line]


def table(name: str, *columns: str, database: str = "inv") -> TableDefinition:
    found = tuple(ColumnDefinition(column, "INT", 4) for column in columns or ("id",))
    return TableDefinition(TableId(database, "", name), found, ("id",))


def create(name: str, *columns: str, database: str = "inv", ddl: str = "") -> SchemaChange:
    made = table(name, *columns, database=database)
    change = TableChange(ChangeKind.CREATE, made.id, made)
    return SchemaChange(database, ddl or f"CREATE TABLE {name}", (change,))


class Parser:
    """Understands `drop database …` and `make …`, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def __call__(self, ddl: str, database: str, tables: Tables) -> Sequence[TableChange]:
        self.asked.append((ddl, database))
        words = ddl.lower().replace("`", "").split()
        if words[:2] == ["drop", "database"]:
            gone = [name for name in tables if name.catalog == words[-1]]
            return [TableChange(ChangeKind.DROP, name) for name in gone]
        if words[0] == "make":
            made = table(words[1], "parsed", database=database)
            return [TableChange(ChangeKind.CREATE, made.id, made)]
        raise ValueError("what is this?")


def not_after(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return (one["file"], one["pos"]) <= (other["file"], other["pos"])


def keeper(
    journal: MemoryJournal | FileJournal, parser: Parser | None = None, **options: str
) -> SchemaHistory:
    named = {f"schema.history.internal.{name.replace('_', '.')}": value for name, value in options.items()}
    scope = Scope(lambda name: name.catalog == "inv", lambda name: name == "inv")
    return SchemaHistory(journal, HistoryOptions(named), PARTITION, scope, parser or Parser(), not_after)


def names(tables: Tables) -> set[str]:
    return {str(name) for name in tables}


@pytest.mark.parametrize("product", ["mysql", "mariadb"])
def test_debeziums_history_is_recovered(product: str) -> None:
    parser = Parser()
    tables = keeper(MemoryJournal(recorded(product)), parser).recover(END)
    found = names(tables)
    assert {"inv.plain", "inv.four", "inv.nokey2", "inv.last", "inv.part", "other.outside"} < found
    assert not {"inv.gone", "inv.sel", "inv.liked", "inv.nokey", "inv.three", "other.outside2"} & found
    assert "gonedb.t1" not in found, "a database that is dropped takes its tables along"
    plain = tables[TableId("inv", "", "plain")]
    assert [column.name for column in plain.columns][:3] == ["id", "extra", "name"]
    assert [column.name for column in plain.columns][-2:] == ["j", "inv"]
    assert ("CREATE DATABASE `inv` CHARSET latin1 COLLATE latin1_swedish_ci", "inv") in parser.asked
    assert not any("create table" in ddl.lower() for ddl, _ in parser.asked), "what is known is not parsed"


def test_what_comes_after_the_offset_is_not_applied() -> None:
    values = recorded()
    renamed = next(v for v in map(history.decode, values) if v.ddl == "rename table three to four")
    at = dict(renamed.position)
    tables = keeper(MemoryJournal(values)).recover(at)
    assert {"inv.four", "inv.nokey2"} < names(tables)
    assert "inv.last" not in names(tables)
    before = keeper(MemoryJournal(values)).recover({**at, "pos": at["pos"] - 1})
    assert {"inv.three", "inv.nokey"} < names(before)
    assert "inv.four" not in names(before)


def test_what_is_stored_is_recovered_and_debezium_could_read_it() -> None:
    values: list[bytes] = []
    one = keeper(MemoryJournal(values))
    one.store(
        {"file": "b.1", "pos": 1, "snapshot": "INITIAL"}, [SchemaChange("", "SET character_set_server=x")]
    )
    one.store({"file": "b.1", "pos": 9}, [create("a", "id", "n"), create("b")])
    renamed = TableChange(ChangeKind.ALTER, TableId("inv", "", "c"), table("c"), TableId("inv", "", "b"))
    one.store({"file": "b.1", "pos": 20}, [SchemaChange("inv", "RENAME TABLE b TO c", (renamed,))])
    assert keeper(MemoryJournal(values)).recover(END) == {
        t.id: t for t in (table("a", "id", "n"), table("c"))
    }
    assert names(keeper(MemoryJournal(values)).recover({"file": "b.1", "pos": 10})) == {"inv.a", "inv.b"}
    document = json.loads(values[1])
    assert list(document) == ["source", "position", "ts_ms", "databaseName", "ddl", "tableChanges"]
    assert values[1].startswith(b'{\n  "source" : {\n    "server" : "plain"\n  },')


def test_a_file_has_one_record_a_line(tmp_path: Path) -> None:
    path = tmp_path / "history.dat"
    context = SourceContext("c", 0, lambda p: None, list, Metrics(), MemoryLog().journal)
    config = HistoryOptions(
        {
            "schema.history.internal": "io.debezium.storage.file.history.FileSchemaHistory",
            "schema.history.internal.file.filename": str(path),
        }
    )
    journal = open_journal(config, "shop", context)
    scope = Scope(lambda name: True, lambda name: True)
    one = SchemaHistory(journal, config, PARTITION, scope, Parser(), not_after)
    one.store({"file": "b.1", "pos": 1}, [create("a"), create("b")])
    lines = path.read_text().split("\n")
    assert len(lines) == 3
    assert lines[0].startswith('{"source":{"server":"plain"},"position":{"file":"b.1","pos":1},"ts_ms":')
    assert names(one.recover(END)) == {"inv.a", "inv.b"}


def test_large_snapshots_are_appended_in_pieces() -> None:
    sizes: list[int] = []

    class Counting(MemoryJournal):
        def append(self, values: Sequence[bytes]) -> None:
            sizes.append(sum(map(len, values)))
            super().append(values)

    journal = Counting()
    keeper(journal).store(
        {"file": "b.1", "pos": 1}, (create(f"t{n}", *map(str, range(100))) for n in range(100))
    )
    assert len(names(keeper(journal).recover(END))) == 100
    assert max(sizes) < 2 << 20
    assert 1 < len(sizes) < 10


GTID_SETS = {"mysql": MySqlGtidSet, "mariadb": MariaDbGtidSet}


@pytest.mark.parametrize("product", ["mysql", "mariadb"])
def test_an_offset_has_the_records_before_it_and_no_other(product: str) -> None:
    order = order_of(GTID_SETS[product])
    positions = [history.decode(value).position for value in recorded(product)]
    streamed = [position for position in positions if "snapshot" not in position]
    (snapshot,) = {json.dumps({**p, "ts_sec": 1}) for p in positions if "snapshot" in p}
    done = {name: value for name, value in json.loads(snapshot).items() if name != "snapshot"}
    for offset in (json.loads(snapshot), done):
        assert [p for p in positions if order(p, offset)] == [p for p in positions if "snapshot" in p]
    for number, offset in enumerate(streamed):
        known = [order(position, offset) for position in streamed]
        twins = sum(position == offset for position in streamed[number:])
        assert known == [True] * (number + twins) + [False] * (len(streamed) - number - twins)


A, B = "3e11fa47-71ca-11e1-9e33-c80aa9429562", "4e11fa47-71ca-11e1-9e33-c80aa9429562"


@pytest.mark.parametrize(
    ("product", "known", "local", "patterns"),
    [
        ("mysql", f"{A}:1-9", f"{B}:1-3", (A, B)),
        ("mariadb", "0-1-9", "7-2-3", ("0", "7")),
    ],
)
def test_gtids_of_sources_that_are_left_out_order_nothing(
    product: str, known: str, local: str, patterns: tuple[str, str]
) -> None:
    """A statement was recorded on a server that also had changes of its own; another one took over."""
    recorded = {"file": "a.000001", "pos": 4, "server_id": 1, "gtids": f"{known},{local}"}
    offset = {"file": "b.000001", "pos": 4, "server_id": 2, "gtids": known}
    mine, other = (re.compile(pattern) for pattern in patterns)
    gtids = GTID_SETS[product]
    assert not order_of(gtids)(recorded, offset)
    for wanted in (SourceFilter(includes=[mine]), SourceFilter(excludes=[other])):
        assert order_of(gtids, wanted)(recorded, offset)
        later = known[:-1] + "8"
        assert not order_of(gtids, wanted)(recorded, {**offset, "gtids": later})


# -- what is kept ------------------------------------------------------------------------------


SET = SchemaChange("", "SET character_set_server=latin1")
INDEX = SchemaChange("inv", "create index ix on four (z)")
OUTSIDE = create("outside", database="other")
VIEW = SchemaChange(
    "inv", "CREATE ALGORITHM=UNDEFINED DEFINER=`r`@`%` SQL SECURITY DEFINER VIEW v AS\nSELECT 1"
)


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        ({}, [SET, INDEX, OUTSIDE, create("in")]),
        ({"store_only_captured_tables_ddl": "true"}, [SET, create("in")]),
        ({"store_only_captured_databases_ddl": "true"}, [SET, INDEX, create("in")]),
    ],
)
def test_what_is_kept(options: dict[str, str], kept: list[SchemaChange]) -> None:
    one = keeper(MemoryJournal(), **options)
    found = [change for change in (SET, INDEX, OUTSIDE, VIEW, create("in")) if one.wanted(change)]
    assert found == kept


def test_a_table_that_is_renamed_out_of_sight_counts() -> None:
    one = keeper(MemoryJournal(), store_only_captured_tables_ddl="true")
    gone = table("t", database="other")
    change = TableChange(ChangeKind.ALTER, gone.id, gone, TableId("inv", "", "t"))
    assert one.wanted(SchemaChange("inv", "RENAME TABLE inv.t TO other.t", (change,)))


@pytest.mark.parametrize(
    ("ddl", "noise"),
    [
        ("drop temporary table if exists `a` /* generated by server */", True),
        ("CREATE OR REPLACE VIEW v AS SELECT 1", True),
        ("create definer=`a`@`b` trigger t before insert on x for each row set @a = 1", True),
        ("GRANT ALL ON *.* TO x", True),
        ("SET STATEMENT max_statement_time=0 FOR GRANT ALL ON *.* TO x", True),
        ("CREATE USER IF NOT EXISTS x", True),
        ("DELETE FROM mysql.rds_sysinfo where a = 1", True),
        ("# Dummy event replacing event type 160", True),
        ("analyze local table x", True),
        ("CREATE TABLE view_of (id int)", False),
        ("ALTER TABLE users ADD COLUMN role int", False),
        ("CREATE TABLE `t` (trigger_name int)", False),
        ("RENAME TABLE a TO b", False),
    ],
)
def test_noise(ddl: str, noise: bool) -> None:
    assert HistoryOptions({}).is_noise(ddl) is noise


# -- what may be wrong with a history ----------------------------------------------------------


class Trimmed(MemoryJournal):
    """A topic that retention has been at."""

    def span(self) -> range | None:
        return range(7, 7 + len(list(self.read())))


@pytest.mark.parametrize(
    ("journal", "what"),
    [
        (MemoryJournal(), "it is missing"),
        (Trimmed(), "it is empty"),
        (Trimmed(recorded()[30:]), "its first 7 records are gone, and no snapshot of the schemas follows"),
        (MemoryJournal([b'{"source":{"server":"other"},"position":{}}']), "it has 1 records, none of"),
    ],
)
def test_a_history_that_is_missing_or_partial_is_an_error(journal: MemoryJournal, what: str) -> None:
    with pytest.raises(SchemaHistoryLost) as caught:
        keeper(journal).recover(END)
    assert str(caught.value).startswith(LOST)
    assert what in str(caught.value)
    assert "snapshot.mode=recovery" in str(caught.value)


def test_a_history_of_the_future_is_an_error() -> None:
    with pytest.raises(SchemaHistoryLost, match="none of its 53 records is of the time up to the offset"):
        keeper(MemoryJournal(recorded())).recover({"file": "a", "pos": 4})


def test_a_new_snapshot_makes_a_trimmed_history_whole() -> None:
    assert "inv.plain" in names(keeper(Trimmed(recorded())).recover(END))


def test_statements_alone_are_parsed() -> None:
    old = b'{"source":{"server":"plain"},"position":{"file":"b.1","pos":1},"databaseName":"inv","ddl":"%s"}'
    values = [old % b"make one", old % b"blah"]
    with pytest.raises(SchemaHistoryLost, match="'blah'") as caught:
        keeper(MemoryJournal(values)).recover(END)
    assert "skip.unparseable.ddl=true" in str(caught.value)
    found = keeper(MemoryJournal(values), skip_unparseable_ddl="true").recover(END)
    assert names(found) == {"inv.one"}


def test_ddl_may_be_preferred_to_what_is_known_of_it() -> None:
    journal = MemoryJournal()
    keeper(journal).store({"file": "b.1", "pos": 1}, [create("t", ddl="make t"), create("u", ddl="puzzle")])
    tables = keeper(journal, prefer_ddl="true").recover(END)
    assert tables[TableId("inv", "", "t")] == table("t", "parsed")
    assert tables[TableId("inv", "", "u")] == table("u"), "what cannot be parsed is known nevertheless"


def test_a_damaged_record_is_not_passed_over_in_silence(caplog: pytest.LogCaptureFixture) -> None:
    values = [*recorded(), b"{damaged"]
    with pytest.raises(SchemaHistoryLost, match="Record 53 of the schema history cannot be read"):
        keeper(MemoryJournal(values)).recover(END)
    with caplog.at_level(logging.WARNING):
        assert keeper(MemoryJournal(values), skip_unparseable_ddl="true").recover(END)
    assert "Record 53" in caplog.text


# -- options -----------------------------------------------------------------------------------


def test_kafkas_options_reach_the_journal_by_their_last_names() -> None:
    config = HistoryOptions(
        {
            "schema.history.internal.kafka.topic": "history",
            "schema.history.internal.kafka.bootstrap.servers": "b:9092",
            "schema.history.internal.kafka.recovery.attempts": "4",
            "schema.history.internal.producer.sasl.jaas.config": "s3cret",
            "schema.history.internal.consumer.security.protocol": "SSL",
            "schema.history.internal.skip.unparseable.ddl": "true",
            "topic.prefix": "p",
        }
    )
    assert config.journal_options() == {
        "bootstrap.servers": "b:9092",
        "recovery.attempts": "4",
        "producer.sasl.jaas.config": "s3cret",
        "consumer.security.protocol": "SSL",
    }
    assert "s3cret" not in repr(config)
    assert HistoryOptions({}).journal_options() == {}


@pytest.mark.parametrize(
    ("options", "topic"), [({}, "schemahistory.shop"), ({"schema.history.internal.kafka.topic": "h"}, "h")]
)
def test_the_topic(options: dict[str, str], topic: str) -> None:
    asked: list[str] = []

    def journal(name: str, _: Mapping[str, str]) -> MemoryJournal:
        asked.append(name)
        return MemoryJournal()

    context = SourceContext("c", 0, lambda p: None, list, Metrics(), journal)
    open_journal(HistoryOptions(options), "shop", context)
    assert asked == [topic]
    memory = HistoryOptions({"schema.history.internal": "MemorySchemaHistory"})
    assert isinstance(open_journal(memory, "shop", context), MemoryJournal)
    assert asked == [topic]


def test_what_is_wrong_with_the_options_is_said() -> None:
    with pytest.raises(ConfigError, match=r"only io\.debezium\.storage\.kafka.*are available"):
        HistoryOptions({"schema.history.internal": "io.debezium.storage.redis.history.RedisSchemaHistory"})
    with pytest.raises(ConfigError, match=r"schema\.history\.internal\.file\.filename"):
        HistoryOptions({"schema.history.internal": "file"})
