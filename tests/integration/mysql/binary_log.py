"""The binary log of a server: where it ends, and how its files are purged."""

from __future__ import annotations

import time

from tests.servers.mysql import MySQLServer


def end(server: MySQLServer) -> tuple[str, int]:
    """Return file and position."""
    status = "show binary log status" if server.name == "mysql9" else "show master status"
    file, pos, *_ = server.execute(status)[0]
    return str(file), int(pos)


def purge(server: MySQLServer) -> None:
    """Purge all files but the one that is written now, in which nothing stands yet at first."""
    server.execute("flush binary logs")
    file, _ = end(server)
    deadline = time.monotonic() + 60
    # A file is kept for as long as the thread of a reader that has left still has it open.
    while server.execute("show binary logs")[0][0] != file:
        server.execute("flush binary logs")
        server.execute(f"purge binary logs to '{file}'")
        assert time.monotonic() < deadline, "the files are not purged"
