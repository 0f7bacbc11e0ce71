"""Texts that options hold: JSON as the Java driver takes it, moments, patterns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from cdc.filters import java_regex
from cdc.sources.mongodb.config.lenient_json import parse
from cdc.sources.mongodb.mongo_kafka.topics import NamespaceMap
from cdc.sources.mongodb.tokens import ClusterTime

Stages = tuple[Mapping[str, Any], ...]

_TIMESTAMP = re.compile(r'\{\s*"\$timestamp"\s*:\s*\{\s*"t"\s*:\s*(\d+)\s*,\s*"i"\s*:\s*(\d+)\s*}\s*}')


def stages(text: str) -> Stages:
    """Return the stages of a pipeline, in Extended JSON; empty text is none."""
    found = parse(text) if text.strip() else []
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise ValueError("Not a valid JSON array")
    return tuple(found)


def json_object(text: str) -> Mapping[str, Any]:
    """Return a JSON object; empty text is one without members."""
    found = parse(text) if text.strip() else {}
    if not isinstance(found, dict):
        raise ValueError("Not a valid JSON document")
    return found


def namespace_map(text: str) -> NamespaceMap:
    """Return the map of namespaces to topics."""
    return NamespaceMap(json_object(text))


def pattern(text: str) -> re.Pattern[str] | None:
    """Return a Java regular expression; empty text is none."""
    return java_regex(text) if text else None


def operation_time(text: str) -> ClusterTime | None:
    """Return a moment given in seconds, as ISO text or a timestamp in Extended JSON; empty text is none."""
    text = text.strip()
    if not text:
        return None
    if found := _TIMESTAMP.fullmatch(text):
        return ClusterTime(int(found[1]), int(found[2]))
    try:
        # A timestamp of zeros would stand for none at all.
        return ClusterTime(int(text), 0 if int(text) else 1)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ValueError(
            "Must be either an integer number of seconds since the Epoch in the decimal format (example: "
            "30), or an instant in the ISO-8601 format with one second precision (example: "
            "'1970-01-01T00:00:30Z'), or a BSON Timestamp in the canonical extended JSON (v2) format "
            '(example: \'{"$timestamp": {"t": 30, "i": 0}}\').'
        )
    return ClusterTime(int(moment.astimezone(UTC).timestamp()), 0)
