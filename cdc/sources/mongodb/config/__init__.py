"""Options of the MongoDB source, under Debezium's names, with its defaults and units."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import copy

from cdc import config as options
from cdc.capture.config.dead_letters import DeadLetterOptions
from cdc.capture.config.engine import EngineOptions
from cdc.capture.config.events import EventOptions
from cdc.config import Importance, Option, Warned
from cdc.errors import Problem
from cdc.filters import java_regex
from cdc.sources.mongodb.config.capture import CaptureOptions, Stage
from cdc.sources.mongodb.config.connection import MongoConnection
from cdc.sources.mongodb.config.snapshot import Filter, MongoSnapshot

_OLD = {
    "mongodb.hosts": "mongodb.connection.string, e.g. mongodb://host1:27017,host2:27017/?replicaSet=rs0",
    "mongodb.name": "topic.prefix",
    "mongodb.members.auto.discover": "directConnection=true|false in mongodb.connection.string",
}
"""Options of former releases that are no plain aliases, and what to write instead."""


def _with_aliases(option: Option[str], *, aliases: tuple[str, ...]) -> Option[str]:
    """Return an option with former names."""
    found = copy(option)
    found.aliases = aliases
    return found


class MongoEvents(EventOptions):
    """Topics, markers, heartbeats; the style of documents."""

    topic_prefix = _with_aliases(EventOptions.topic_prefix, aliases=("mongodb.name",))
    json_serialization_mode = options.choice(
        "json.serialization.mode",
        ("legacy", "strict", "extended", "relaxed"),
        "legacy",
        doc="Style of the documents' JSON: legacy is Extended JSON v1 in before and after, relaxed v2 in "
        "updatedFields; strict (v1), extended (canonical v2) and relaxed (v2) are for all of them.",
        group="Events",
        importance=Importance.MEDIUM,
    )

    failure_handling = options.choice(
        "event.processing.failure.handling.mode",
        ("fail", "warn", "skip"),
        "fail",
        doc="What happens to an event whose document cannot be written (text that is not UTF-8, a field that "
        "cannot get its new name): fail stops; warn leaves it out and logs it; skip leaves it out.",
        group="Events",
    )


class MongoConfig(
    MongoSnapshot, MongoEvents, CaptureOptions, DeadLetterOptions, MongoConnection, EngineOptions
):
    """All options of the connector."""

    tolerated = ("transforms", "predicates", "converters")

    def check(self) -> Iterable[Problem]:
        """Yield what is wrong between options; warn of what has a new name."""
        for old, new in _OLD.items():
            if old in self.raw and not any(warned.option == old for warned in self.warnings):
                self.warnings.append(Warned(old, f"{old} is an option of former releases; use {new}"))
        yield from self.connection_problems()
        yield from self._list_problems()
        yield from self._scope_problems()
        yield from self.snapshot_problems()
        if self.full_update_type == "post_image" and not self.wants_full_updates:
            message = (
                "capture.mode.full.update.type=post_image needs capture.mode=change_streams_update_full…"
            )
            self.warnings.append(Warned("capture.mode.full.update.type", message))

    def _list_problems(self) -> Iterator[Problem]:
        for kind in ("database", "collection"):
            include, exclude = f"{kind}.include.list", f"{kind}.exclude.list"
            if include in self.values and exclude in self.values:
                yield Problem(exclude, f'"{include}" is already specified; set only one of the two')
            for name in (include, exclude):
                if self.filters_match_mode == "regex":
                    yield from _bad_patterns(name, self.values.get(name, ()))

    def _scope_problems(self) -> Iterator[Problem]:
        scope, target = self.capture_scope, self.capture_target
        if scope != "deployment" and not target:
            message = f"The 'capture.target' value is invalid: the {scope} to capture has to be named"
            yield Problem("capture.target", message)
        if scope == "collection" and target and "." not in target.strip("."):
            message = "The 'capture.target' value is invalid: it has to be <database>.<collection>"
            yield Problem("capture.target", message)


def _bad_patterns(option: str, patterns: Iterable[str]) -> Iterator[Problem]:
    for pattern in patterns:
        try:
            java_regex(pattern)
        except ValueError as error:
            yield Problem(option, f"Invalid value {pattern} for configuration {option}: {error}")


__all__ = ["Filter", "MongoConfig", "MongoConnection", "Stage"]
