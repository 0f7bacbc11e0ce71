"""From raw options to a connector that can be started: validation, plan, default topics."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cdc.config import Config, Option, Options, unknown
from cdc.config_file import References
from cdc.errors import ConfigError, PluginNotFound, Problem
from cdc.plugin import Plugin, PluginKind, find, find_connector
from cdc.runtime.chain import build_chain
from cdc.runtime.connector_config import ConnectorConfig
from cdc.runtime.formats import build_format, build_headers, chosen, without_effect
from cdc.runtime.sink_config import SinkConnectorConfig
from cdc.runtime.source_config import SourceConnectorConfig
from cdc.runtime.worker_config import WorkerConfig


@dataclass(frozen=True, slots=True)
class Connector:
    """A validated connector: raw options, and those of its tasks (raw as well)."""

    name: str
    kind: PluginKind
    plugin_name: str
    config: Mapping[str, str]
    task_configs: Sequence[Mapping[str, str]]
    max_retries: int = -1
    restart_wait_ms: int = 10_000


@dataclass(slots=True)
class Review:
    """What is wrong with a config (`problems`), and what only deserves a look (`warnings`)."""

    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    plugin: Plugin | None = None
    resolved: dict[str, str] = field(default_factory=dict)


def review(raw: Mapping[str, str], worker: Mapping[str, str], kind: PluginKind | None = None) -> Review:
    """Check everything about a connector that can be told without a server, all at once.

    kind: what is expected, where a name stands for a source and a sink as well.
    """
    found = Review()
    found.resolved = References(worker, found.warnings.append).resolve(raw)
    found.plugin = _plugin(found, kind)
    models: list[type[Config]] = [ConnectorConfig]
    if found.plugin is not None:
        source = found.plugin.kind is PluginKind.SOURCE
        models = [SourceConnectorConfig if source else SinkConnectorConfig, found.plugin.config_class]
    configs = [config for model in models if (config := _read(model, found)) is not None]
    _converters(found, worker)
    try:
        build_chain(found.resolved).close()
    except ConfigError as error:
        found.problems += error.problems
    found.problems = list(dict.fromkeys(found.problems))
    found.warnings += unknown_options(found.resolved, models)
    for config in configs:
        found.warnings += [w.message for w in config.warnings if not w.message.startswith("Unknown option")]
    return found


def _plugin(found: Review, kind: PluginKind | None) -> Plugin | None:
    name = found.resolved.get("connector.class", "").strip()
    if not name:
        return None  # reported as missing
    try:
        return _expected(kind, name) or find_connector(name)
    except PluginNotFound as error:
        message = f"Invalid value {name} for configuration connector.class: {error}"
        found.problems.append(Problem("connector.class", message))
        return None


def _expected(kind: PluginKind | None, name: str) -> Plugin | None:
    try:
        return find(kind, name) if kind is not None else None
    except PluginNotFound:
        return None


def _read(model: type[Config], found: Review) -> Config | None:
    try:
        return model(found.resolved)
    except ConfigError as error:
        found.problems += error.problems
        return None


def _converters(found: Review, worker: Mapping[str, str]) -> None:
    for side in ("key", "value", "header"):
        option = f"{side}.converter"
        try:
            if side == "header":
                build_headers(found.resolved, worker)
            else:
                build_format(side, found.resolved, worker)
        except PluginNotFound as error:
            name = chosen(side, found.resolved, worker)[0]
            found.problems.append(
                Problem(option, f"Invalid value {name} for configuration {option}: {error}")
            )
        except ConfigError as error:
            found.problems += [
                Problem(f"{option}.{one.option}", f"{option}: {one.message}") for one in error.problems
            ]
        for name in without_effect(side, found.resolved, worker):
            found.warnings.append(
                f"{name} has no effect: the worker names the {side} converter, set {option} as well"
            )


def unknown_options(raw: Mapping[str, str], models: Iterable[type[Config]]) -> list[str]:
    """Return a warning for each option that none of the models knows, with the nearest name."""
    options: list[Option[Any]] = [option for model in models for option in model.options]
    # A log's model tolerates everything (""): whose the rest is, the worker's own tells.
    tolerated = tuple(prefix for model in models for prefix in model.tolerated if prefix)
    names = sorted({option.name for option in options if not isinstance(option, Options)})
    warnings = []
    for name in raw:
        if name.startswith(tolerated) or any(option.matches(name) for option in options):
            continue
        warnings.append(unknown(name, names))
    return warnings


def plan_connector(
    raw: Mapping[str, str], worker: Mapping[str, str], kind: PluginKind | None = None
) -> tuple[Connector, list[str]]:
    """Return the connector with its tasks and the warnings; raises ConfigError with all problems."""
    found = review(raw, worker, kind)
    subject = f"Connector {raw.get('name', '')!r}"
    if found.problems or found.plugin is None:
        raise ConfigError(found.problems, subject=subject, warnings=found.warnings)
    settings = ConnectorConfig(found.resolved)
    tasks = _tasks(raw, found, settings)
    if len(tasks) > settings.tasks_max and settings.tasks_max_enforce:
        message = f"The connector plans {len(tasks)} tasks, tasks.max is {settings.tasks_max}"
        raise ConfigError([Problem("tasks.max", message)], subject=subject)
    plugin = found.plugin
    connector = Connector(
        settings.name,
        plugin.kind,
        plugin.name,
        dict(raw),
        tasks,
        settings.max_retries,
        settings.restart_wait_ms,
    )
    return connector, found.warnings


def _tasks(raw: Mapping[str, str], found: Review, settings: ConnectorConfig) -> list[dict[str, str]]:
    """Plan with resolved values, and put the raw ones back: secrets stay where they are."""
    assert found.plugin is not None
    if found.plugin.kind is PluginKind.SINK:
        return [dict(raw) for _ in range(settings.tasks_max)]
    planned = found.plugin.cls.plan(found.resolved, settings.tasks_max)
    referring = {name: value for name, value in raw.items() if "${" in value}
    return [{name: referring.get(name, value) for name, value in one.items()} for one in planned]


def review_worker(raw: Mapping[str, str]) -> Review:
    """Check the options of a worker and of the log that they choose."""
    found = Review()
    found.resolved = References(raw, found.warnings.append).resolve(raw)
    config = _read(WorkerConfig, found)
    if isinstance(config, WorkerConfig):
        try:
            log = find(PluginKind.LOG, config.log_name).config_class
        except PluginNotFound as error:
            message = f"Invalid value {config.log_name} for configuration log: {error}"
            found.problems.append(Problem("log", message))
        else:
            _read(log, found)
            found.warnings += unknown_options(found.resolved, [WorkerConfig, log])
    found.problems = list(dict.fromkeys(found.problems))
    return found


def with_default_topics(
    sinks: Sequence[Mapping[str, str]], sources: Sequence[Mapping[str, str]]
) -> tuple[list[dict[str, str]], list[str]]:
    """Give sinks without topics the data topics of these sources; returns them and what to tell."""
    prefixes = [raw["topic.prefix"] for raw in sources if raw.get("topic.prefix")]
    told, complete = [], []
    for raw in sinks:
        own = dict(raw)
        if not raw.get("topics", "").strip() and not raw.get("topics.regex", "").strip() and prefixes:
            own["topics.regex"] = data_topics(prefixes)
            told.append(f"sink {raw.get('name')} names no topics: it reads {own['topics.regex']}")
        complete.append(own)
    return complete, told


def data_topics(prefixes: Sequence[str]) -> str:
    """Return the pattern of `prefix.schema.table`: no heartbeats, markers or schema changes."""
    quoted = "|".join(re.escape(prefix).replace(r"\-", "-") for prefix in prefixes)
    return rf"(?:{quoted})\.[^.]+\..+" if len(prefixes) > 1 else rf"{quoted}\.[^.]+\..+"


def require_topics(raw: Mapping[str, str]) -> list[Problem]:
    """Return the problem of a sink that names no topics."""
    if raw.get("topics", "").strip() or raw.get("topics.regex", "").strip():
        return []
    return [Problem("topics", "Must configure one of topics or topics.regex")]


def unique_names(connectors: Sequence[Connector]) -> None:
    """Raise ConfigError when two connectors have the same name."""
    seen: set[str] = set()
    for connector in connectors:
        if connector.name in seen:
            message = f"Connector {connector.name} already exists: give each a name of its own"
            raise ConfigError([Problem("name", message)])
        seen.add(connector.name)
