"""Options of MongoDB's own connector for Kafka, under its names, with its defaults and units."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cdc.config import Warned
from cdc.errors import Problem
from cdc.sources.mongodb.change_stream import StreamRequest
from cdc.sources.mongodb.config.lenient_json import for_driver
from cdc.sources.mongodb.mongo_kafka.config.connection import ConnectionOptions
from cdc.sources.mongodb.mongo_kafka.config.output import ErrorOptions, OutputOptions
from cdc.sources.mongodb.mongo_kafka.config.stream import StartupOptions, StreamOptions
from cdc.sources.mongodb.oversize import large_events

_SPLIT = "$changeStreamSplitLargeEvent"


class MongoKafkaConfig(StartupOptions, OutputOptions, StreamOptions, ErrorOptions, ConnectionOptions):
    """All options of the connector."""

    tolerated = ("transforms", "predicates", "converters", "provider")

    def check(self) -> Iterable[Problem]:
        """Yield what is wrong between options; warn of what has a new name."""
        yield from self.connection_problems()
        if self.collection and not self.database:
            yield Problem("collection", "Missing database configuration `database`")
        if "copy.existing" in self.raw:
            message = (
                "copy.existing is an option of former releases; use startup.mode=copy_existing or latest"
            )
            self.warnings.append(Warned("copy.existing", message))
        if self.tombstone_on_delete and not self.publish_full_document_only:
            name = "publish.full.document.only.tombstone.on.delete"
            self.warnings.append(Warned(name, f"{name} needs publish.full.document.only=true"))

    def stream_request(self, *, can_split: bool) -> StreamRequest:
        """Return the change stream to open; can_split: see `oversize`."""
        split = any(_SPLIT in stage for stage in self.pipeline)
        return StreamRequest(
            self.database or "admin",
            self.collection or None,
            self._stream_options(),
            self.stages if split else (*self.stages, large_events(can_split=can_split)),
            {"collation": dict(self.collation)} if self.collation else {},
            self.batch_size,
            self.poll_await_time_ms,
        )

    @property
    def stages(self) -> tuple[Mapping[str, Any], ...]:
        """The user's stages, for the driver."""
        return tuple(map(for_driver, self.pipeline))

    @property
    def copy_stages(self) -> tuple[Mapping[str, Any], ...]:
        """The user's stages for what is copied, for the driver."""
        return tuple(map(for_driver, self.copy_pipeline))

    def _stream_options(self) -> dict[str, Any]:
        full = "updateLookup" if self.publish_full_document_only else self.full_document
        found = {
            "fullDocument": full,
            "fullDocumentBeforeChange": self.full_document_before_change,
            "showExpandedEvents": self.show_expanded_events,
        }
        return {name: value for name, value in found.items() if value}


__all__ = ["MongoKafkaConfig"]
