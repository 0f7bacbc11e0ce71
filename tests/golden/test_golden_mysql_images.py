"""Keys and row images of MySQL and MariaDB equal those of real Debezium, byte for byte.

Where they differ on purpose, `images.json` beside the recording has ours and the reason; the list for users
is `docs/differences.md`.
"""

from collections.abc import Iterator

import pytest

from tests.golden.corpus import Case, cases
from tests.golden.mysql_images import by_topic, expected, replay
from tests.golden.targets import MariaDBTarget, MySQLTarget
from tests.servers.mariadb import MariaDBServer
from tests.servers.mysql import MySQLServer


@pytest.fixture(scope="module")
def targets() -> Iterator[dict[str, MySQLTarget]]:
    """Return servers of our own: their logs are reset for every case."""
    found = {"mysql": MySQLTarget(MySQLServer().start()), "mariadb": MariaDBTarget(MariaDBServer().start())}
    yield found
    for target in found.values():
        target.stop()


CASES = [
    case
    for kind in ("mysql", "mariadb")
    for case in cases(kind)
    if "include.schema.changes" in case.properties
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.kind}/{case.name}")
def test_images_equal_debeziums(case: Case, targets: dict[str, MySQLTarget]) -> None:
    """Replay a case and compare it topic by topic."""
    assert by_topic(replay(case, targets[case.kind])) == expected(case)
