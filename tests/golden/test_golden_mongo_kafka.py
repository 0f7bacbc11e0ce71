"""Our records equal those of MongoDB's own connector 2.0.1 on a real worker, byte for byte but for clocks."""

from collections.abc import Iterator

import pytest

from tests.golden.corpus import Case, by_topic, cases
from tests.golden.replay_mongo_kafka import replay_mongo_kafka
from tests.golden.targets import MongoKafkaTarget
from tests.servers.policy import require


@pytest.fixture(scope="module")
def target() -> Iterator[MongoKafkaTarget]:
    """Return a server of its own; nothing looks up late here."""
    with require("mongodb"):
        started = MongoKafkaTarget()
    started.pause = 0
    yield started
    started.stop()


@pytest.mark.parametrize("case", cases("mongo_kafka"), ids=lambda case: case.name)
def test_records_equal_those_of_mongodbs_connector(case: Case, target: MongoKafkaTarget) -> None:
    """Replay a case and compare it topic by topic; how many heartbeats there are is chance."""
    ours, expected = by_topic(replay_mongo_kafka(case, target)), case.expected
    assert ours.keys() == expected.keys()
    for topic, events in expected.items():
        count = 1 if topic == "beats" else None
        assert ours[topic][:count] == events[:count]
