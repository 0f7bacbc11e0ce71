"""Options that choose what is captured, and how changes are asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cdc import config as options
from cdc.config import Config, Importance, Kind, Option
from cdc.filters import split_patterns
from cdc.sources.mongodb.config.lenient_json import parse
from cdc.sources.mongodb.fields import FieldPath, parse_exclusions, parse_renames

HIGH, LOW = Importance.HIGH, Importance.LOW
Stage = Mapping[str, Any]


def _stages(text: str) -> tuple[Stage, ...]:
    """Return the stages of a pipeline given as EJSON."""
    found = parse(text)
    if not isinstance(found, list) or not all(isinstance(stage, dict) and len(stage) == 1 for stage in found):
        raise ValueError("it has to be an array of stages, each an object with one member")
    return tuple(found)


def _names(name: str, doc: str, *old: str) -> Option[tuple[str, ...]]:
    """Declare an include or exclude list; filters.match.mode says what its entries are."""
    return Option(
        name,
        Kind.LIST,
        lambda text: tuple(split_patterns(text)),
        (),
        doc=doc,
        group="Filters",
        importance=HIGH,
        aliases=old,
    )


class CaptureOptions(Config):
    """Databases, collections, fields, operations; the change stream."""

    database_include = _names(
        "database.include.list", "Databases to capture; all by default.", "database.whitelist"
    )
    database_exclude = _names("database.exclude.list", "Databases not to capture.", "database.blacklist")
    collection_include = _names(
        "collection.include.list",
        "Collections (`database.collection`) to capture; all by default.",
        "collection.whitelist",
    )
    collection_exclude = _names(
        "collection.exclude.list",
        "Collections (`database.collection`) not to capture.",
        "collection.blacklist",
    )
    filters_match_mode = options.choice(
        "filters.match.mode",
        ("regex", "literal"),
        "regex",
        doc="What the entries of these lists are: anchored, case-insensitive regular expressions, or names.",
        group="Filters",
    )
    field_exclude: Option[tuple[FieldPath, ...]] = Option(
        "field.exclude.list",
        Kind.STRING,
        parse_exclusions,
        (),
        doc="Fields to leave out: `database.collection.field.…`; `*` in the first two parts stands for any "
        "text.",
        group="Filters",
        aliases=("field.blacklist",),
    )
    field_renames: Option[tuple[FieldPath, ...]] = Option(
        "field.renames",
        Kind.STRING,
        parse_renames,
        (),
        doc="Fields to rename: `database.collection.field.…:new name`; `*` in the first two parts stands for "
        "any text.",
        group="Filters",
    )
    capture_mode = options.choice(
        "capture.mode",
        (
            "change_streams",
            "change_streams_update_full",
            "change_streams_with_pre_image",
            "change_streams_update_full_with_pre_image",
        ),
        "change_streams_update_full",
        doc="What events of updates hold: what was changed alone, or the whole document too; and whether "
        "updates and deletes have the document as it was before (MongoDB 6.0, pre-images enabled).",
        importance=HIGH,
        group="Change stream",
    )
    full_update_type = options.choice(
        "capture.mode.full.update.type",
        ("lookup", "post_image"),
        "lookup",
        doc="Where the whole document of an update comes from: looked up when the change is read, so that it "
        "may be newer, or gone; or stored by the server (MongoDB 6.0, post-images enabled).",
        group="Change stream",
    )
    capture_scope = options.choice(
        "capture.scope",
        ("deployment", "database", "collection"),
        "deployment",
        doc="What the change stream is opened on.",
        group="Change stream",
    )
    capture_target = options.optional_string(
        "capture.target",
        doc="The database, or `database.collection`, of the capture scope.",
        group="Change stream",
    )
    capture_start_op_time = options.integer(
        "capture.start.op.time",
        -1,
        kind=Kind.LONG,
        doc="Operation time to start at where there is no offset: a BSON timestamp as one number, seconds in "
        "the upper half; -1 starts now.",
        group="Change stream",
    )
    cursor_pipeline: Option[tuple[Stage, ...]] = Option(
        "cursor.pipeline",
        Kind.STRING,
        _stages,
        (),
        doc="Stages for the change stream's pipeline, as a JSON array.",
        group="Change stream",
    )
    cursor_pipeline_order = options.choice(
        "cursor.pipeline.order",
        ("internal_first", "user_first", "user_only"),
        "internal_first",
        doc="Whether these stages come behind the connector's own, before them, or instead.",
        group="Change stream",
    )
    oversize_handling_mode = options.choice(
        "cursor.oversize.handling.mode",
        ("fail", "skip", "split", "auto"),
        "auto",
        doc="What happens to events above 16 MB: fail stops; skip leaves out documents above the threshold; "
        "split lets the server cut them (MongoDB 6.0.9, 7.0); auto splits where the server can, and else "
        "skips with a report.",
        group="Change stream",
    )
    oversize_skip_threshold = options.integer(
        "cursor.oversize.skip.threshold",
        0,
        at_least=0,
        doc="skip: size of documents, in bytes, above which their events are left out.",
        group="Change stream",
    )
    cursor_max_await_time_ms = options.integer(
        "cursor.max.await.time.ms",
        0,
        at_least=0,
        doc="Time that the server may wait for changes before it answers, in ms; 0 leaves it to the reader.",
        importance=LOW,
        group="Change stream",
    )
    allow_offset_invalidation = options.boolean(
        "internal.mongodb.allow.offset.invalidation",
        False,
        doc="Accepted for compatibility: there is one offset for the deployment.",
        importance=LOW,
        group="Change stream",
    )

    @property
    def wants_full_updates(self) -> bool:
        """Whether events of updates have the whole document."""
        return "update_full" in self.capture_mode

    @property
    def wants_pre_images(self) -> bool:
        """Whether events have the document as it was before."""
        return "pre_image" in self.capture_mode
