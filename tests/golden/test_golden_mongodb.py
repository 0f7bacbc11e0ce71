"""Our events of MongoDB equal those of real Debezium 3.6.3 on the same server, byte for byte but for clocks.

Where they differ on purpose, `ours.jsonl` beside the recording has ours and the reason; the list for
users is `docs/differences.md`.
"""

from collections.abc import Iterator

import pytest

from tests.golden.corpus import Case, by_topic, cases
from tests.golden.replay_mongo import replay_mongo
from tests.golden.targets import MongoTarget
from tests.servers.policy import require


@pytest.fixture(scope="module")
def target() -> Iterator[MongoTarget]:
    """Return a server of its own; nothing looks up late here."""
    with require("mongodb"):
        started = MongoTarget()
    started.pause = 0
    yield started
    started.stop()


@pytest.mark.parametrize("case", cases("mongodb"), ids=lambda case: case.name)
def test_events_equal_debeziums(case: Case, target: MongoTarget) -> None:
    """Replay a case and compare it topic by topic."""
    ours, expected = by_topic(replay_mongo(case, target)), case.expected
    assert ours.keys() == expected.keys()
    for topic, events in expected.items():
        assert ours[topic][: 1 if "heartbeat" in topic else None] == events
