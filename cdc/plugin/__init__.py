"""Contracts of everything that plugs in, and the registry that finds it.

The way in, for each window: `Source.read` → `Transform.apply` → `Format` → `LogWriter.append` →
`LogWriter.commit` → `Source.confirm`. The way out: `LogReader.poll` → `Format.decode` →
`Transform.apply` → `Sink.write` → `Sink.flush` → `LogReader.commit`. Everything is synchronous and
called from one thread of one process; no call blocks longer than its timeout; nothing started by a
plugin outlives its `close()`.
"""

from cdc.plugin.format import FastPath, Format
from cdc.plugin.log import Journal, Log, LogReader, LogWriter, State, TopicInfo
from cdc.plugin.registry import (
    ENTRY_POINT_GROUP,
    PACKAGES,
    Plugin,
    PluginKind,
    available,
    find,
    find_connector,
    register,
)
from cdc.plugin.sink import Positions, Reporter, Sink, SinkContext
from cdc.plugin.source import Source, SourceContext
from cdc.plugin.transform import Predicate, Transform

__all__ = [
    "ENTRY_POINT_GROUP",
    "PACKAGES",
    "FastPath",
    "Format",
    "Journal",
    "Log",
    "LogReader",
    "LogWriter",
    "Plugin",
    "PluginKind",
    "Positions",
    "Predicate",
    "Reporter",
    "Sink",
    "SinkContext",
    "Source",
    "SourceContext",
    "State",
    "TopicInfo",
    "Transform",
    "available",
    "find",
    "find_connector",
    "register",
]
