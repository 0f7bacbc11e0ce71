"""Options of the change stream, and of where it starts."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

from cdc import config as options
from cdc.config import Config, Importance, Kind, Option
from cdc.sources.mongodb.mongo_kafka.config.values import Stages, json_object, operation_time, pattern, stages
from cdc.sources.mongodb.tokens import ClusterTime

HIGH, LOW = Importance.HIGH, Importance.LOW
_IMAGES = ("whenAvailable", "required")


def _one_of(name: str, allowed: tuple[str, ...], doc: str) -> Option[str]:
    """Declare a word of the server's, whose case counts."""

    def parse(text: str) -> str:
        if text.strip() not in allowed:
            raise ValueError(f"String must be one of: {', '.join(allowed)}")
        return text.strip()

    return Option(
        name, Kind.STRING, parse, "", doc=doc, importance=HIGH, group="Change stream", recommended=allowed
    )


_COLLATION = {
    "locale": str,
    "caseLevel": bool,
    "caseFirst": str,
    "strength": int,
    "numericOrdering": bool,
    "alternate": str,
    "maxVariable": str,
    "normalization": bool,
    "backwards": bool,
}


def _collation(text: str) -> Mapping[str, Any]:
    found = json_object(text)
    for name, value in found.items():
        if name not in _COLLATION:
            raise ValueError(f"a collation has no {name}")
        if not isinstance(value, _COLLATION[name]):
            raise ValueError(f"{name} of a collation has to be of type {_COLLATION[name].__name__}")
    return found


def _threads(text: str) -> int:
    if int(text) < 1:
        raise ValueError("Value must be at least 1")
    return int(text)


def _pipeline(name: str, doc: str, group: str, *old: str) -> Option[Stages]:
    return Option(name, Kind.STRING, stages, (), doc=doc, group=group, aliases=old)


class StreamOptions(Config):
    """What the change stream is opened on, and what its events hold."""

    database = options.string(
        "database", "", doc="The database to watch; all of them by default.", group="Connection"
    )
    collection = options.string(
        "collection",
        "",
        doc="The collection in the database to watch; all of them by default.",
        group="Connection",
    )
    pipeline = _pipeline(
        "pipeline",
        "Stages for the change stream's pipeline, as a JSON array; what is copied goes through them as well.",
        "Change stream",
    )
    full_document = _one_of(
        "change.stream.full.document",
        ("", "default", "updateLookup", *_IMAGES),
        "What `fullDocument` holds of an update: `updateLookup` finds the document when the change is read, "
        "`whenAvailable` and `required` (MongoDB 6.0, post-images enabled) have it as the change left it.",
    )
    full_document_before_change = _one_of(
        "change.stream.full.document.before.change",
        ("", "default", "off", *_IMAGES),
        "Whether events hold the document as it was before (MongoDB 6.0, pre-images enabled).",
    )
    show_expanded_events = options.boolean(
        "change.stream.show.expanded.events",
        False,
        doc="Whether there are events of definitions too (createIndexes …), and disambiguatedPaths "
        "(MongoDB 6.0).",
        group="Change stream",
    )
    document_key_as_key = options.boolean(
        "change.stream.document.key.as.key",
        True,
        doc="Whether a record's key is the documentKey; else, and where there is none, the resume token is.",
        group="Change stream",
    )
    collation: Option[Mapping[str, Any]] = Option(
        "collation",
        Kind.STRING,
        _collation,
        {},
        doc="Collation of the change stream's pipeline, as a JSON object.",
        importance=HIGH,
        group="Change stream",
    )
    publish_full_document_only = options.boolean(
        "publish.full.document.only",
        False,
        doc="Whether values are the changed documents alone, looked up for updates; events without a "
        "document are left out.",
        importance=HIGH,
        group="Change stream",
    )
    tombstone_on_delete = options.boolean(
        "publish.full.document.only.tombstone.on.delete",
        False,
        doc="With publish.full.document.only: whether events without a document are null values.",
        group="Change stream",
    )
    batch_size = options.integer(
        "batch.size",
        0,
        at_least=0,
        doc="Events, or documents of a copy, in one answer of the server; 0 leaves it to the server.",
        group="Change stream",
    )
    poll_max_batch_size = options.integer(
        "poll.max.batch.size",
        1000,
        at_least=1,
        doc="Events that are delivered together at most; `window.max.bytes` bounds their size.",
        importance=LOW,
        group="Change stream",
    )
    poll_await_time_ms = options.integer(
        "poll.await.time.ms",
        5000,
        at_least=1,
        kind=Kind.LONG,
        doc="Longest time that the server waits for changes before it answers, in ms.",
        importance=LOW,
        group="Change stream",
    )
    heartbeat_interval_ms = options.integer(
        "heartbeat.interval.ms",
        0,
        at_least=0,
        kind=Kind.LONG,
        doc="How often to send the resume token while there are no changes, in ms; 0: never. The offset "
        "follows the token without that, too.",
        group="Heartbeat",
    )
    heartbeat_topic = options.string(
        "heartbeat.topic.name", "__mongodb_heartbeats", doc="The topic of heartbeats.", group="Heartbeat"
    )
    offset_partition_name = options.string(
        "offset.partition.name",
        "",
        doc="What the offset is stored under, instead of hosts, database and collection.",
        group="Partition",
    )


class StartupOptions(Config):
    """Where to start when there is no offset."""

    startup_mode = options.choice(
        "startup.mode",
        ("", "latest", "timestamp", "copy_existing"),
        "",
        doc="Where to start without an offset: `latest` (the default) now, `timestamp` at an operation time, "
        "`copy_existing` now, after all that is there was read.",
        group="Startup",
    )
    copy_existing = options.boolean(
        "copy.existing",
        False,
        doc="Old form of `startup.mode=copy_existing`.",
        importance=LOW,
        group="Startup",
    )
    start_at_operation_time: Option[ClusterTime | None] = Option(
        "startup.mode.timestamp.start.at.operation.time",
        Kind.STRING,
        operation_time,
        None,
        doc="timestamp: the operation time; seconds, ISO text (`2024-05-01T12:00:00Z`) or "
        '`{"$timestamp": …}`; '
        "0 is the beginning of the oplog.",
        group="Startup",
    )
    copy_pipeline = _pipeline(
        "startup.mode.copy.existing.pipeline",
        "copy_existing: stages that are applied to the documents first.",
        "Startup",
        "copy.existing.pipeline",
    )
    copy_namespaces: Option[re.Pattern[str] | None] = Option(
        "startup.mode.copy.existing.namespace.regex",
        Kind.STRING,
        pattern,
        None,
        doc="copy_existing: Java regular expression that is found in the names (`database.collection`) of "
        "the collections to read.",
        group="Startup",
        aliases=("copy.existing.namespace.regex",),
    )
    given_copy_threads: Option[int | None] = Option(
        "startup.mode.copy.existing.max.threads",
        Kind.INT,
        _threads,
        None,
        doc="copy_existing: collections that are read at the same time; by default as many as there are "
        "processors, up to 4.",
        group="Startup",
        aliases=("copy.existing.max.threads",),
    )
    copy_queue = options.integer(
        "startup.mode.copy.existing.queue.size",
        16000,
        at_least=1,
        doc="Accepted for compatibility: one answer of the server (16 MB) for each thread is held.",
        importance=LOW,
        group="Startup",
        aliases=("copy.existing.queue.size",),
    )
    copy_disk_use = options.boolean(
        "startup.mode.copy.existing.allow.disk.use",
        True,
        doc="copy_existing: whether stages may write temporary files on the server.",
        group="Startup",
        aliases=("copy.existing.allow.disk.use",),
    )

    @property
    def copy_threads(self) -> int:
        """Collections that are read at the same time."""
        return self.given_copy_threads or min(os.cpu_count() or 1, 4)

    @property
    def mode(self) -> str:
        """Where to start: latest, timestamp or copy_existing."""
        return self.startup_mode or ("copy_existing" if self.copy_existing else "latest")
