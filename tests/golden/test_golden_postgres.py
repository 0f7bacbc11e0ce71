"""Our events equal those of real Debezium 3.6.3, byte for byte but for clock and position.

Where they differ on purpose, `ours.jsonl` beside the recording has ours and the reason; the list for
users is `docs/differences.md`.
"""

from collections.abc import Iterator

import pytest

from tests.golden.corpus import Case, by_topic, cases
from tests.golden.replay import replay
from tests.golden.targets import DATABASE
from tests.servers.postgres import Database, PostgresServer


@pytest.fixture
def golden(postgres17: PostgresServer) -> Iterator[Database]:
    """Return the database of a case, under the name it had when it was recorded."""
    created = postgres17.create_database(DATABASE)
    yield created
    created.drop()


@pytest.mark.parametrize("case", list(cases()), ids=lambda case: case.name)
def test_events_equal_debeziums(case: Case, golden: Database) -> None:
    """Replay a case and compare it topic by topic."""
    ours, expected = by_topic(replay(case, golden)), case.expected
    assert ours.keys() == expected.keys()
    for topic, events in expected.items():
        # How many heartbeats there are is a matter of time.
        assert ours[topic][: 1 if "heartbeat" in topic or topic == "my.beat" else None] == events
