"""Rows that were streamed from tables that change, and the same rows in a snapshot of another connector."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

import pytest

from tests.differential.mysql.session import Session, Statement, Tables
from tests.differential.mysql.statements import Statements
from tests.integration.capture import Event
from tests.integration.mysql.capture import SYNC, Capture, logged
from tests.servers.mysql import MySQLServer

ROUNDS = 4
WATCHED, UNWATCHED = 60, 30
"""Turns of a round: while the connector runs, and while it does not."""


def _shortest(moment: str) -> tuple[str, str]:
    seconds, _, fraction = moment.removesuffix("Z").partition(".")
    return seconds, fraction.rstrip("0")


EXCUSED: Mapping[str, Callable[[str], object]] = {
    # A snapshot has the text that MySQL makes of a document, with blanks; the log has none, as in Debezium.
    "json": json.loads,
    # A snapshot leaves out the zeros at the end of a fraction, as in Debezium.
    "timestamp": _shortest,
}
"""What of a column makes its values equal, by type: all that a stream and a snapshot may differ in."""


@pytest.fixture(params=["mysql", "mysql9", "mariadb", "mariadb11"])
def server(request: pytest.FixtureRequest) -> MySQLServer:
    """Return a running server of each product and line."""
    found: MySQLServer = request.getfixturevalue(request.param)
    return found


def test_stream_and_snapshot_agree(server: MySQLServer, seed: int) -> None:
    capture = Capture(server, {"snapshot.mode": "no_data", "skipped.operations": "none"})
    statements = Statements(seed, server.dialect)
    with logged() as messages, Session.on(server, capture.database) as session:
        with capture.running():
            capture.sync()
        try:
            for _ in range(ROUNDS):
                play(session, statements, UNWATCHED)
                with capture.running():
                    play(session, statements, WATCHED)
                    touched = touch(session, capture)
                judge(session, capture, touched)
        finally:
            print(*Counter(messages).most_common(8), sep="\n")
    print(f"{session.counts} events, refused by error: {session.refused}")
    assert min(session.counts[op] for op in "cud") > 10


def play(session: Session, statements: Statements, turns: int) -> None:
    """Let the client do something some times."""
    for _ in range(turns):
        for statement in statements.turn(session.tables()):
            session.attempt(statement)


def touch(session: Session, capture: Capture) -> Sequence[Event]:
    """Change every row, so that it is streamed as its table is now; return those events."""
    capture.sync()
    before = len(capture.events())
    for table in session.tables():
        session.run(Statement(f"update `{table}` set touch = touch + 10", "u"))
    capture.sync()
    return capture.events()[before:]


def judge(session: Session, capture: Capture, touched: Sequence[Event]) -> None:
    """Demand that each row is as a snapshot has it, and that there are as many events as changes."""
    options = {"snapshot.mode": "initial_only", "database.include.list": capture.database}
    snapshot = Capture(capture.server, options)
    snapshot.finish()
    different = list(differences(capture.database, session.tables(), touched, snapshot.events()))
    assert not different, "\n".join(different[:20])
    topic = f"{capture.prefix}.{capture.database}.{SYNC}"
    streamed = Counter(event.op for event in capture.events(ops="cud") if event.topic != topic)
    assert streamed == session.counts


def differences(
    database: str, tables: Tables, streamed: Sequence[Event], snapshot: Sequence[Event]
) -> Iterator[str]:
    """Yield, in words, each row that is not the same."""
    for table, columns in tables.items():
        excused = {column.name: EXCUSED[column.kind] for column in columns if column.kind in EXCUSED}
        here, there = (_by_id(events, f"p.{database}.{table}") for events in (streamed, snapshot))
        for row in sorted(here.keys() ^ there.keys()):
            yield f"{table} {row}: only {'the stream' if row in here else 'the snapshot'} has it"
        for row in sorted(here.keys() & there.keys()):
            yield from (f"{table} {row} {what}" for what in _unequal(here[row], there[row], excused))


def _by_id(events: Sequence[Event], topic: str) -> dict[int, Event]:
    return {event.row["id"]: event for event in events if event.topic == topic}


def _unequal(
    streamed: Event, snapshot: Event, excused: Mapping[str, Callable[[str], object]]
) -> Iterator[str]:
    here, there = streamed.row, snapshot.row
    if (streamed.key, list(here)) != (snapshot.key, list(there)):
        yield f"is {streamed.key} {list(here)}, in the snapshot {snapshot.key} {list(there)}"
        return
    for name in here:
        left, right = here[name], there[name]
        if name in excused and None not in (left, right):
            left, right = excused[name](left), excused[name](right)
        if left != right:
            yield f"{name}: {str(left)[:200]}, in the snapshot {str(right)[:200]}"
