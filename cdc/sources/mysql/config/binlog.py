"""Options of the binary log's reader."""

from __future__ import annotations

from collections.abc import Iterable

from cdc import config as options
from cdc.config import Config, Importance
from cdc.errors import Problem
from cdc.relational.config import patterns
from cdc.sources.mysql.gtid.filters import SourceFilter

LOW = Importance.LOW


class BinlogOptions(Config):
    """GTIDs, statements, what cannot be read."""

    gtid_includes = patterns(
        "gtid.source.includes",
        "Sources of GTIDs to read: UUIDs of MySQL servers, domains of MariaDB.",
        "Binlog",
    )
    gtid_excludes = patterns("gtid.source.excludes", "Sources of GTIDs not to read.", "Binlog")
    gtid_filter_dml = options.boolean(
        "gtid.source.filter.dml.events",
        True,
        doc="Drop the rows of transactions whose GTID is not wanted.",
        group="Binlog",
    )
    gtid_ignore_on_recovery = options.boolean(
        "gtid.ignore.on.recovery",
        False,
        doc="Resume by file and position although GTIDs are known.",
        importance=LOW,
        group="Binlog",
    )
    include_query = options.boolean(
        "include.query",
        False,
        doc="Put the statement behind a change into `source.query`; needs binlog_rows_query_log_events "
        "(MySQL) or binlog_annotate_row_events (MariaDB). Shows columns that are masked or not captured.",
        group="Binlog",
    )
    buffer_size = options.integer(
        "binlog.buffer.size",
        0,
        at_least=0,
        doc="Above 0, every transaction waits for its end, with this many bytes (at least 1 MB) in memory "
        "and the rest read twice. Transactions that may end in a rollback wait in any case.",
        group="Binlog",
    )
    inconsistent_schema_handling = options.choice(
        "inconsistent.schema.handling.mode",
        ("fail", "warn", "skip"),
        "fail",
        doc="What happens to rows that do not fit what is known of their table.",
        group="Binlog",
    )
    event_processing_failure_handling = options.choice(
        "event.processing.failure.handling.mode",
        ("fail", "warn", "skip"),
        "fail",
        old={"ignore": "skip"},
        doc="What happens when an event, or a value in it, cannot be read; all but `fail` look at every "
        "value twice.",
        group="Binlog",
    )
    event_deserialization_failure_handling = options.choice(
        "event.deserialization.failure.handling.mode",
        ("fail", "warn", "skip"),
        "fail",
        old={"ignore": "skip"},
        doc="The old name of event.processing.failure.handling.mode.",
        importance=LOW,
        group="Binlog",
    )

    @property
    def source_filter(self) -> SourceFilter:
        """Which sources of GTIDs are wanted."""
        return SourceFilter(self.gtid_includes, self.gtid_excludes)

    def check(self) -> Iterable[Problem]:
        """Yield what is wrong between options."""
        yield from super().check()
        if self.gtid_includes and self.gtid_excludes:
            yield Problem(
                "gtid.source.excludes", '"gtid.source.includes" is already specified; set only one of the two'
            )
