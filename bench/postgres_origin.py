"""PostgreSQL as an origin: each reader has a copy of one slot."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property

from bench import configs, limits, load
from bench.origins import Origin
from tests.servers.postgres import PostgresServer


class PostgresOrigin(Origin):
    """A server with the backlog behind one slot."""

    prefix = "pg"

    def __init__(self, server: PostgresServer, rows: int, say: Callable[[str], None]) -> None:
        self.server, self.rows, self._say = server, rows, say

    @cached_property
    def backlog_end(self) -> int:
        """The LSN behind the backlog of changes, which is made now."""
        self._say(f"making a backlog of {self.rows:,} changes")
        return load.make_backlog(self.server, self.rows)

    @cached_property
    def table(self) -> str:
        """The table to snapshot, which is made now."""
        self._say(f"making a table of {self.rows:,} rows")
        load.make_snapshot_table(self.server, self.rows)
        return load.SNAPSHOT_TABLE

    def stream_source(self, name: str, **more: str) -> dict[str, str]:
        """See `Origin`."""
        return configs.stream_source(self.server, name, **more)

    def snapshot_source(self, name: str, **more: str) -> dict[str, str]:
        """See `Origin`."""
        assert self.table
        return configs.snapshot_source(self.server, name, **more)

    def topic(self, name: str, table: str) -> str:
        """See `Origin`."""
        return f"{name}.public.{table}"

    def receive_backlog(self, name: str) -> float:
        """Run pg_recvlogical."""
        return limits.receive_backlog(self.server, name, self.backlog_end)

    def copy_out(self) -> float:
        """Run psql."""
        return limits.copy_out(self.server, self.table)

    @contextmanager
    def place(self, name: str) -> Iterator[None]:
        """Give the reader a slot."""
        assert self.backlog_end
        load.copy_slot(self.server, name)
        try:
            yield
        finally:
            load.drop_slot(self.server, name)
