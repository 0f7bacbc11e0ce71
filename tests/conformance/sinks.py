"""How the conformance tests get at a sink of each plugin: one entry a plugin in `HARNESSES`."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from cdc.metrics import Metrics
from cdc.plugin import PluginKind, Reporter, Sink, SinkContext, find
from tests.fakes.jdbc import DeadLetters


@dataclass
class SinkHarness:
    """A target that is there, empty.

    config: the options of the sink. rows: what is in the target of the table `t`, id → name.
    exactly_once: the sink keeps its positions itself.
    """

    name: str
    config: Mapping[str, str]
    rows: Callable[[], Mapping[int, str | None]]
    exactly_once: bool = False

    def open(self, report: Reporter | None = None) -> Sink:
        """Open the sink anew, as a process that was started again does."""
        plugin = find(PluginKind.SINK, self.name)
        sink: Sink = plugin.cls(plugin.config_class(self.config))
        sink.open(SinkContext("conformance", 0, report or DeadLetters(tolerate=False), Metrics()))
        return sink


def _jdbc(folder: Path) -> SinkHarness:
    path = folder / "target.db"

    def rows() -> Mapping[int, str | None]:
        connection = sqlite3.connect(path)
        try:
            return dict(connection.execute("SELECT id, name FROM t").fetchall())
        finally:
            connection.close()

    return SinkHarness("jdbc", {"connection.url": f"jdbc:sqlite:{path}"}, rows, exactly_once=True)


HARNESSES: Mapping[str, Callable[[Path], SinkHarness]] = {"jdbc": _jdbc}
