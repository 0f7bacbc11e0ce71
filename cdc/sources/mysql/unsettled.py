"""Rows that changed while a view was opened without a lock: in the view or not, nobody can tell.

The stream tells what became of them, so the snapshot leaves them out: else a row could go back in time.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from cdc.sources.mysql.binlog.events import Event, Rows
from cdc.sources.mysql.binlog.failures import EndOfDump
from cdc.sources.mysql.binlog.groups import EventGroups
from cdc.sources.mysql.binlog.outcomes import Begin, Outcome, Place
from cdc.sources.mysql.captured import CapturedTables
from cdc.sources.mysql.config import BinlogConfig
from cdc.sources.mysql.event_rows import locate, read_images
from cdc.sources.mysql.positions import file_order
from cdc.sources.mysql.server import BinlogStatus, Server
from cdc.sources.mysql.stream import BinlogStream, Start
from cdc.sources.mysql.table_maps import mismatches
from cdc.sources.mysql.versions import TableVersion
from schemas.definition import TableDefinition
from schemas.table import TableId

log = logging.getLogger(__name__)

_MOST_KEYS = 200_000
_READ_BYTES = 256 * 1024
_WAIT = 1.0


class _TooMany(Exception):
    """More rows changed than it is worth remembering."""


def unsettled_keys(
    config: BinlogConfig,
    server: Server,
    captured: CapturedTables,
    definitions: Mapping[TableId, TableDefinition],
    start: Start,
    until: BinlogStatus,
) -> Mapping[TableId, set[Any]]:
    """Return the keys, as values, of the rows that changed from `start` to `until`.

    Nothing where the stream would not tell all of such a row: then rows may go back in time for a moment,
    and the stream still has the last word.
    """
    if server["binlog_row_image"].upper() not in ("FULL", "") or config.skipped_operations & set("cud"):
        return {}
    if config.gtid_includes or config.gtid_excludes:
        return {}
    stream = BinlogStream(
        config, start, server_id=config.server_id + config.server_id_offset, to_the_end=True
    )
    found = _Keys(captured, definitions)
    try:
        for outcome in _until(EventGroups(_no_reread, file=start.file), stream, until):
            if isinstance(outcome, Rows):
                found.take(outcome)
    except _TooMany:
        log.warning("More than %d rows changed while the snapshot began; they may come twice", _MOST_KEYS)
        return {}
    finally:
        stream.close()
    return found.by_table


def _until(groups: EventGroups, stream: BinlogStream, until: BinlogStatus) -> Iterator[Outcome]:
    end = file_order(until.file), until.pos
    try:
        while True:
            for outcome in groups.feed(stream.events(_READ_BYTES, _WAIT)):
                if isinstance(outcome, Begin) and (file_order(groups.file), outcome.place.pos) >= end:
                    return
                yield outcome
    except EndOfDump:
        return


def _no_reread(place: Place) -> Iterator[Event]:
    raise _TooMany


@dataclass(slots=True)
class _Keys:
    captured: CapturedTables
    definitions: Mapping[TableId, TableDefinition]
    by_table: dict[TableId, set[Any]] = field(default_factory=dict)
    _versions: dict[Any, TableVersion | None] = field(default_factory=dict)
    _count: int = 0

    def take(self, event: Rows) -> None:
        mapped = event.shape.table
        if mapped not in self._versions:
            self._versions[mapped] = self._version(event)
        version = self._versions[mapped]
        if version is None or version.key_template is None:
            return
        segment = locate(version.layout, event)
        keys = self.by_table.setdefault(version.table.id, set())
        for new, wanted in ((False, event.shape.before), (True, event.shape.after)):
            if wanted is not None:
                keys.update(read_images(segment, version.key_template, new=new)[1])
        self._count += len(segment)
        if self._count > _MOST_KEYS:
            raise _TooMany

    def _version(self, event: Rows) -> TableVersion | None:
        mapped = event.shape.table
        definition = self.definitions.get(TableId(mapped.database, "", mapped.table))
        if definition is None or mismatches(mapped, definition):
            return None
        return self.captured.stream_version(mapped, definition)
