"""The change stream that a config asks for: its pipeline, and what its events hold.

Everything that can be left out is left out by the server. https://www.mongodb.com/docs/manual/changeStreams/;
the order of stages is Debezium's (ChangeStreamPipelineFactory): sizes, ours and the user's, the split.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from cdc.sources.mongodb.captured import CaptureRules, Filter
from cdc.sources.mongodb.change_stream import StreamRequest
from cdc.sources.mongodb.config import MongoConfig
from cdc.sources.mongodb.config.lenient_json import for_driver
from cdc.sources.mongodb.oversize import large_events

Stage = Mapping[str, Any]

_OPERATIONS: Final = {"c": ("insert",), "u": ("update", "replace"), "d": ("delete",)}


def stream_request(config: MongoConfig, *, can_split: bool) -> StreamRequest:
    """Return the change stream of a config; can_split: see `oversize`."""
    database, _, collection = (config.capture_target or "").partition(".")
    return StreamRequest(
        "admin" if config.capture_scope == "deployment" else database,
        collection if config.capture_scope == "collection" else None,
        stream_options(config),
        pipeline(config, can_split=can_split),
        await_ms=config.cursor_max_await_time_ms,
    )


def stream_options(config: MongoConfig) -> dict[str, str]:
    """Return the options of `$changeStream` for what events are to hold, as pymongo's `watch` takes them."""
    options = {}
    if config.wants_full_updates:
        lookup = config.full_update_type == "lookup"
        options["full_document"] = "updateLookup" if lookup else "whenAvailable"
    if config.wants_pre_images:
        options["full_document_before_change"] = "whenAvailable"
    return options


def pipeline(config: MongoConfig, *, can_split: bool) -> list[Stage]:
    """Return the stages behind `$changeStream`; can_split: see `oversize`."""
    ours, users = _internal(config), [*map(for_driver, config.cursor_pipeline)]
    order = {"internal_first": ours + users, "user_first": users + ours, "user_only": users}
    stages = order[config.cursor_pipeline_order]
    match config.oversize_handling_mode:
        case "skip":
            return [_skip(config.oversize_skip_threshold), *stages]
        case "split":
            return [*stages, large_events(can_split=True)]
        case "auto":
            return [*stages, large_events(can_split=can_split)]
    return stages


def _internal(config: MongoConfig) -> list[Stage]:
    rules = CaptureRules(config)
    conditions: list[Filter] = rules.server_filter()
    conditions.append({"operationType": {"$in": _operations(config)}})
    match: Stage = {"$match": conditions[0] if len(conditions) == 1 else {"$and": conditions}}
    unset = _unset(config, rules)
    return [match, {"$unset": unset}] if unset else [match]


def _operations(config: MongoConfig) -> list[str]:
    kept = [
        name for op, names in _OPERATIONS.items() if op not in config.skipped_operations for name in names
    ]
    # What ends a stream has to be seen, or it would look like one that is idle.
    return kept if config.capture_scope == "deployment" else [*kept, "invalidate"]


def _unset(config: MongoConfig, rules: CaptureRules) -> list[str]:
    """Return the excluded fields that the server can leave out with the very same result.

    That is where a path holds for every collection captured, and names a field of the document itself:
    within arrays of arrays the server would find more than Debezium does. Of updatedFields, whose names
    are dotted paths, it finds just the field itself; the rest is left out here.
    """
    namespaces = rules.known_namespaces()
    found = []
    for path in config.field_exclude:
        everywhere = path.namespace.pattern == r".*\..*" or (
            namespaces is not None and all(map(path.namespace.fullmatch, namespaces))
        )
        (name, *below) = path.nodes
        if everywhere and not below and not name.startswith("$") and name != "_id":
            parents = ["fullDocument", "updateDescription.updatedFields"]
            parents += ["fullDocumentBeforeChange"] if config.wants_pre_images else []
            found += [f"{parent}.{name}" for parent in parents]
    return found


def _skip(threshold: int) -> Stage:
    """Leave out events with a document above the threshold (Debezium's `skip`)."""
    documents = ("$fullDocument", "$fullDocumentBeforeChange")
    return {"$match": {"$and": [{"$expr": {"$lte": [{"$bsonSize": name}, threshold]}} for name in documents]}}
