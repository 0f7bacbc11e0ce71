"""Options of the worker (Kafka Connect's WorkerConfig) and the log they choose."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path

from cdc import config as options
from cdc.config import Config, Importance, Kind
from cdc.plugin import Log, PluginKind, find

_LISTENER = re.compile(r"(?:(\w+)://)?(\[[^\]]*\]|[^\[\]/:]*):(\d{1,5})/?")


def parse_listener(text: str) -> tuple[str, int]:
    """Return host and port of `http://host:port` or `host:port`; no host before the colon is all of them.

    Raises ValueError.
    """
    found = _LISTENER.fullmatch(text)
    if found is None or int(found[3]) > 65535:
        raise ValueError(f"{text} is not HOST:PORT, such as 127.0.0.1:8083")
    if (found[1] or "http").lower() != "http":
        raise ValueError(f"{text} is not http: a proxy before it may speak TLS")
    return found[2].strip("[]") or "0.0.0.0", int(found[3])


def _check_listeners(listeners: Sequence[str]) -> None:
    for first in listeners[:1]:
        parse_listener(first)


class WorkerConfig(Config):
    """How a worker runs: where the log is, formats, REST, shut-down."""

    tolerated = (
        "key.converter.",
        "value.converter.",
        "header.converter.",
        "internal.",
        "producer.",
        "consumer.",
        "admin.",
        "config.providers.",
        "config.storage.",
        "status.storage.",
        "offset.storage.",
        "metrics.",
        "listeners.",
    )

    bootstrap_servers = options.optional_string(
        "bootstrap.servers",
        doc="Kafka brokers. When absent, the embedded log in `data.dir` takes Kafka's place.",
        importance=Importance.HIGH,
        group="Log",
    )
    data_dir = options.string(
        "data.dir",
        "cdc-data",
        doc="Folder of the embedded log.",
        importance=Importance.HIGH,
        group="Log",
    )
    transport = options.optional_string(
        "log",
        doc="Name of the transport, where neither Kafka nor the embedded log is meant.",
        importance=Importance.LOW,
        group="Log",
    )
    key_converter = options.optional_string(
        "key.converter",
        doc="Format of keys for connectors that name none: `json`, or a Java class.",
        importance=Importance.HIGH,
        group="Formats",
    )
    value_converter = options.optional_string(
        "value.converter",
        doc="Format of values for connectors that name none: `json`, or a Java class.",
        importance=Importance.HIGH,
        group="Formats",
    )
    header_converter = options.optional_string(
        "header.converter",
        doc="Format of header values for connectors that name none; SimpleHeaderConverter.",
        importance=Importance.LOW,
        group="Formats",
    )
    listeners = options.names(
        "listeners",
        ("http://127.0.0.1:8083",),
        validate=_check_listeners,
        doc="Where the REST API listens; the first one counts, an empty list switches it off.",
        group="REST",
    )
    advertised_host = options.optional_string(
        "rest.advertised.host.name",
        doc="Host under which this worker is known; part of its `worker_id`.",
        importance=Importance.LOW,
        group="REST",
    )
    advertised_port = options.integer(
        "rest.advertised.port",
        0,
        at_least=0,
        doc="Port under which this worker is known; 0: the one it listens on.",
        importance=Importance.LOW,
        group="REST",
    )
    group_id = options.optional_string(
        "group.id",
        doc="Name of the cluster. One worker alone uses it for transactional ids.",
        importance=Importance.LOW,
        group="Worker",
    )
    graceful_ms = options.integer(
        "task.shutdown.graceful.timeout.ms",
        5000,
        at_least=0,
        kind=Kind.LONG,
        doc="How long tasks may take to stop, all together, before they are killed.",
        importance=Importance.LOW,
        group="Worker",
    )

    @property
    def worker_id(self) -> str:
        """Return host:port, as Connect's status has it."""
        host, port = self.listen or ("", 8083)
        if host in ("", "0.0.0.0", "::"):
            host = socket.gethostname()
        return f"{self.advertised_host or host}:{self.advertised_port or port}"

    @property
    def listen(self) -> tuple[str, int] | None:
        """Return host and port of the REST API; None when it is off."""
        if not self.listeners:
            return None
        return parse_listener(self.listeners[0])

    @property
    def log_name(self) -> str:
        """Return the transport's name."""
        return self.transport or ("kafka" if self.bootstrap_servers else "embedded")


def worker_options(raw: Mapping[str, str], *, data_dir: str | None, listen: str | None) -> dict[str, str]:
    """Return a worker's options with what the command line says; the folder is made absolute."""
    merged = dict(raw)
    if data_dir is not None:
        merged["data.dir"] = data_dir
    if listen is not None:
        merged["listeners"] = listen
    if not merged.get("bootstrap.servers"):
        # JsonConverter writes a column's default in place of NULL. Kafka's consumers expect that; in
        # a log of our own it would only make sinks take a NULL for the default.
        merged.setdefault("value.converter.replace.null.with.default", "false")
    merged["data.dir"] = os.path.abspath(Path(merged.get("data.dir", "cdc-data")).expanduser())
    return merged


def open_log(raw: Mapping[str, str]) -> Log:
    """Return the log that the worker's options choose."""
    plugin = find(PluginKind.LOG, WorkerConfig(raw).log_name)
    log: Log = plugin.cls(plugin.config_class(raw, subject="Worker configuration"))
    return log
