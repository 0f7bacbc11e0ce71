"""Our events of MySQL and MariaDB equal those of real Debezium, byte for byte but for clock and position.

MySQL's are of Debezium 3.6.3, MariaDB's of 3.5.0, the newest that can be had. Where they differ on purpose,
`ours.jsonl` beside the recording has ours and the reason; the list for users is `docs/differences.md`.
"""

from collections.abc import Iterator

import pytest

from tests.golden.corpus import Case, by_topic, cases
from tests.golden.replay_binlog import replay_binlog
from tests.golden.targets import MariaDBTarget, MySQLTarget
from tests.servers.policy import require


@pytest.fixture(scope="module")
def mysql_target() -> Iterator[MySQLTarget]:
    """Return a MySQL of its own: every case resets its binary log."""
    with require("mysql"):
        target = MySQLTarget()
    yield target
    target.stop()


@pytest.fixture(scope="module")
def mariadb_target() -> Iterator[MySQLTarget]:
    """Return a MariaDB of its own."""
    with require("mariadb"):
        target = MariaDBTarget()
    yield target
    target.stop()


@pytest.mark.parametrize("case", [*cases("mysql"), *cases("mariadb")], ids=lambda c: f"{c.kind}-{c.name}")
def test_events_equal_debeziums(case: Case, request: pytest.FixtureRequest) -> None:
    """Replay a case and compare it topic by topic."""
    target = request.getfixturevalue(f"{case.kind}_target")
    ours, expected = by_topic(replay_binlog(case, target)), case.expected
    assert ours.keys() == expected.keys()
    for topic, events in expected.items():
        assert ours[topic] == events
