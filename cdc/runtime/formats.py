"""The formats of a connector: its own converters, or else the worker's, or else JSON."""

from __future__ import annotations

from collections.abc import Mapping

from cdc.plugin import Format, PluginKind, find
from cdc.runtime.connector_config import subset
from cdc.runtime.headers import FormatHeaders, HeaderConverter, SimpleHeaders

DEFAULT = "json"
SIMPLE_HEADERS = ("simple", "SimpleHeaderConverter", "org.apache.kafka.connect.storage.SimpleHeaderConverter")


def chosen(side: str, connector: Mapping[str, str], worker: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """Return name and options of a converter; `side` is key, value or header.

    As in Connect, a connector's `<side>.converter.*` apply to the converter that it names itself;
    they apply to the default as well, where nobody names any.
    """
    option = f"{side}.converter"
    for raw in (connector, worker):
        if name := raw.get(option, "").strip():
            return name, subset(raw, f"{option}.")
    own = {**subset(worker, f"{option}."), **subset(connector, f"{option}.")}
    return DEFAULT if side != "header" else SIMPLE_HEADERS[0], own


def without_effect(side: str, connector: Mapping[str, str], worker: Mapping[str, str]) -> list[str]:
    """Return the connector's converter options that nobody reads, since the worker names the converter."""
    option = f"{side}.converter"
    if connector.get(option, "").strip() or not worker.get(option, "").strip():
        return []
    return [name for name in connector if name.startswith(f"{option}.")]


def build_format(side: str, connector: Mapping[str, str], worker: Mapping[str, str]) -> Format:
    """Return the key or value format."""
    name, raw = chosen(side, connector, worker)
    plugin = find(PluginKind.FORMAT, name)
    config = plugin.config_class(raw, subject=f"{side}.converter")
    form: Format = plugin.cls(config, is_key=side == "key")
    return form


def build_headers(connector: Mapping[str, str], worker: Mapping[str, str]) -> HeaderConverter:
    """Return the header converter."""
    if chosen("header", connector, worker)[0] in SIMPLE_HEADERS:
        return SimpleHeaders()
    return FormatHeaders(build_format("header", connector, worker))
