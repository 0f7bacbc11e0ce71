"""A pair of servers: whatever is written to the one comes to the other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.servers.mysql import PASSWORD, USER, MySQLServer


@contextmanager
def pair(kind: type[MySQLServer]) -> Iterator[tuple[MySQLServer, MySQLServer]]:
    """Yield a primary and its replica, which writes a binary log of its own."""
    primary = kind().start()
    try:
        replica = kind().start()
        try:
            follow(replica, primary)
            yield primary, replica
        finally:
            replica.kill()
    finally:
        primary.kill()


def follow(replica: MySQLServer, primary: MySQLServer) -> None:
    """Let a server replicate another by GTID."""
    # Both have made the same account, each as a transaction of its own.
    replica.execute("RESET MASTER")
    by_gtid = (
        "MASTER_USE_GTID = slave_pos"
        if replica.name == "mariadb"
        else "MASTER_AUTO_POSITION = 1, GET_MASTER_PUBLIC_KEY = 1"
    )
    replica.execute(
        f"CHANGE MASTER TO MASTER_HOST = '{primary.host}', MASTER_PORT = {primary.port}, "
        f"MASTER_USER = '{USER}', MASTER_PASSWORD = '{PASSWORD}', {by_gtid}"
    )
    replica.execute("START SLAVE")


def caught_up(replica: MySQLServer, primary: MySQLServer) -> None:
    """Wait until the replica has all of the primary's transactions."""
    if replica.name == "mariadb":
        ((position,),) = primary.execute("SELECT @@global.gtid_binlog_pos")
        ((code,),) = replica.execute(f"SELECT MASTER_GTID_WAIT('{position}', 60)")
    else:
        ((executed,),) = primary.execute("SELECT @@global.gtid_executed")
        ((code,),) = replica.execute(f"SELECT WAIT_FOR_EXECUTED_GTID_SET('{executed}', 60)")
    assert code == 0, "the replica does not come to where the primary is"


def promote(replica: MySQLServer) -> None:
    """End the replication: the replica is a server of its own."""
    replica.execute("STOP SLAVE")
    replica.execute("RESET SLAVE ALL")
