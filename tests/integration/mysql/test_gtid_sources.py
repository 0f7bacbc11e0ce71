"""Which sources of GTIDs are read, and whose rows are dropped."""

from __future__ import annotations

import pytest

from tests.integration.mysql.capture import Capture
from tests.servers.mysql import MySQLServer

OTHER = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"


def of_another(server: MySQLServer, number: int) -> tuple[str, str]:
    """Return the statements around a transaction that some other server has begun."""
    if server.name == "mariadb":
        return f"set gtid_domain_id = 77, server_id = {9000 + number}", "set gtid_domain_id = 0"
    return f"set gtid_next = '{OTHER}:{number}'", "set gtid_next = 'automatic'"


@pytest.mark.parametrize(
    ("option", "filtered", "expected"),
    [
        ("excludes", "true", [1, 3]),
        ("includes", "true", [2]),
        ("excludes", "false", [1, 2, 3]),
        ("includes", "false", [1, 2, 3]),
    ],
)
def test_rows_of_a_source(server: MySQLServer, option: str, filtered: str, expected: list[int]) -> None:
    pattern = "77" if server.name == "mariadb" else "aaaaaaaa-.*"
    options = {f"gtid.source.{option}": pattern, "gtid.source.filter.dml.events": filtered}
    capture = Capture(server, {"snapshot.mode": "no_data", **options})
    capture.execute("create table t (id int primary key)", "create table last (id int primary key)")
    number = _free(server)
    before, after = of_another(server, number)
    with capture.running():
        capture.execute(
            "insert into t values (1)",
            before,
            "insert into t values (2)",
            after,
            "insert into t values (3)",
            of_another(server, number + 1)[0],
            "insert into last values (1)",
            after,
            "insert into last values (2)",
        )
        capture.until(lambda: capture.events("last"), "read")
    assert [row[1] for row in capture.rows("t")] == expected
    with capture.running():
        capture.until(lambda: capture.events("last"), "read")
    assert [row[1] for row in capture.rows("t")] == expected


def _free(server: MySQLServer) -> int:
    """Return a number that the other server has not used yet."""
    if server.name == "mariadb":
        return 1
    ((executed,),) = server.execute("select @@global.gtid_executed")
    _, found, numbers = executed.replace("\n", "").partition(f"{OTHER}:")
    return int(numbers.split(",")[0].split("-")[-1]) + 1 if found else 1
