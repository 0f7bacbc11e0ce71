"""Our events equal those of real Debezium 3.6.3, byte for byte but for clock and position."""

from collections.abc import Iterator, Sequence

import pytest

from tests.golden.corpus import DATABASE, Case, Event, cases
from tests.golden.replay import replay
from tests.servers.postgres import Database, PostgresServer


@pytest.fixture
def golden(postgres17: PostgresServer) -> Iterator[Database]:
    """Return the database of a case, under the name it had when it was recorded."""
    created = postgres17.create_database(DATABASE)
    yield created
    created.drop()


@pytest.mark.parametrize("case", list(cases()), ids=lambda case: case.name)
def test_events_equal_debeziums(case: Case, golden: Database) -> None:
    """Replay a case and compare it topic by topic: order between topics is not part of the contract."""
    ours, theirs = by_topic(replay(case, golden)), by_topic(case.events)
    assert ours.keys() == theirs.keys()
    for topic, events in theirs.items():
        # How many heartbeats there are is a matter of time.
        assert ours[topic][: 1 if "heartbeat" in case.name else None] == events


def by_topic(events: Sequence[Event]) -> dict[str, list[Event]]:
    """Return the masked events of each topic, in order."""
    found: dict[str, list[Event]] = {}
    for event in events:
        found.setdefault(event.topic, []).append(event.masked())
    return found
