"""Options of connectors that the runtime reads itself (Kafka Connect's ConnectorConfig and kin)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import ClassVar

from cdc import config as options
from cdc.config import Config, Importance, Kind

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def _check_name(name: str) -> None:
    if not name.strip():
        raise ValueError("String may not be empty")
    if _CONTROL.search(name):
        raise ValueError("String may not contain control sequences")


def unique(aliases: Iterable[str]) -> None:
    """Validate a list of aliases: raises ValueError when one is there twice."""
    seen: set[str] = set()
    for alias in aliases:
        if alias in seen:
            raise ValueError("Duplicate alias provided.")
        seen.add(alias)


class ConnectorConfig(Config):
    """What sources and sinks share: names, converters, transforms, error handling."""

    tolerated: ClassVar[tuple[str, ...]] = (
        "key.converter.",
        "value.converter.",
        "header.converter.",
        "transforms.",
        "predicates.",
        "producer.override.",
        "consumer.override.",
        "admin.override.",
        "task.class",
    )

    name = options.string(
        "name",
        validate=_check_name,
        doc="Name of the connector, unique in the worker; offsets are kept under it.",
        importance=Importance.HIGH,
        group="Common",
    )
    connector_class = options.string(
        "connector.class",
        doc="What runs: a short name (`postgres`, `jdbc`), a Java class name, or an alias of one.",
        importance=Importance.HIGH,
        group="Common",
    )
    tasks_max = options.integer(
        "tasks.max",
        1,
        at_least=1,
        doc="Maximum number of tasks of this connector.",
        importance=Importance.HIGH,
        group="Common",
    )
    tasks_max_enforce = options.boolean(
        "tasks.max.enforce",
        True,
        doc="Fail when a connector plans more tasks than `tasks.max`.",
        importance=Importance.LOW,
        group="Common",
    )
    key_converter = options.optional_string(
        "key.converter",
        doc="Format of the keys; the worker's when absent. Its options follow as `key.converter.*`.",
        importance=Importance.LOW,
        group="Common",
    )
    value_converter = options.optional_string(
        "value.converter",
        doc="Format of the values; the worker's when absent. Its options follow as `value.converter.*`.",
        importance=Importance.LOW,
        group="Common",
    )
    header_converter = options.optional_string(
        "header.converter",
        doc="Format of the header values; the worker's when absent (SimpleHeaderConverter).",
        importance=Importance.LOW,
        group="Common",
    )
    transforms = options.names(
        "transforms",
        validate=unique,
        doc="Aliases of the transforms that records go through, in order; `transforms.NAME.type` and "
        "`transforms.NAME.*` describe each.",
        importance=Importance.LOW,
        group="Transforms",
    )
    predicates = options.names(
        "predicates",
        validate=unique,
        doc="Aliases of the predicates that transforms may refer to.",
        importance=Importance.LOW,
        group="Predicates",
    )
    config_action_reload = options.choice(
        "config.action.reload",
        ("none", "restart"),
        "restart",
        doc="Whether the connector restarts when a value behind `${…}` is known to have changed.",
        importance=Importance.LOW,
        group="Common",
    )
    retry_timeout_ms = options.integer(
        "errors.retry.timeout",
        0,
        at_least=-1,
        kind=Kind.LONG,
        doc="For how long converters and transforms are tried again after an error that may pass (a schema "
        "registry that is away), in ms; -1 without end.",
        group="Error Handling",
    )
    retry_delay_max_ms = options.integer(
        "errors.retry.delay.max.ms",
        60_000,
        at_least=1,
        kind=Kind.LONG,
        doc="Longest pause between two attempts.",
        group="Error Handling",
    )
    tolerance = options.choice(
        "errors.tolerance",
        ("none", "all"),
        "none",
        doc="`none`: a record that a transform, a converter or a sink cannot take fails the task. `all`: "
        "it is left out (counted, logged on request, of a sink put into the dead letter queue), "
        "and the rest goes on.",
        group="Error Handling",
    )
    log_errors = options.boolean(
        "errors.log.enable",
        False,
        doc="Log each error in transforms, converters and sinks, tolerated or not.",
        group="Error Handling",
    )
    log_messages = options.boolean(
        "errors.log.include.messages",
        False,
        doc="Say which record it is in what `errors.log.enable` logs: of a sink its topic, partition and "
        "offset, of a source its topic and `source`, or its key where it has none.",
        group="Error Handling",
    )
    max_retries = options.integer(
        "errors.max.retries",
        -1,
        at_least=-1,
        doc="How often in a row a task is restarted after a retriable error (connection lost, slot "
        "busy …); -1 without limit.",
        group="Error Handling",
    )
    restart_wait_ms = options.integer(
        "retriable.restart.connector.wait.ms",
        10_000,
        at_least=0,
        kind=Kind.LONG,
        doc="Longest pause before such a restart; the first ones come sooner.",
        group="Error Handling",
    )


def subset(raw: Mapping[str, str], prefix: str) -> dict[str, str]:
    """Return the options behind a prefix, without it."""
    return {name[len(prefix) :]: value for name, value in raw.items() if name.startswith(prefix)}
