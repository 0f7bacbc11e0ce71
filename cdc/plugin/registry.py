"""The registry: plugins by short name, Java class or entry point; drivers are never imported here."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

from cdc.config import Config
from cdc.errors import PluginNotFound


class PluginKind(StrEnum):
    """What can be plugged in; the value is the kind's name in `register` and in entry points."""

    SOURCE = "source"
    SINK = "sink"
    TRANSFORM = "transform"
    PREDICATE = "predicate"
    FORMAT = "format"
    LOG = "log"


PACKAGES: Mapping[PluginKind, str] = {
    PluginKind.SOURCE: "cdc.sources",
    PluginKind.SINK: "sinks",
    PluginKind.TRANSFORM: "cdc.transforms",
    PluginKind.PREDICATE: "cdc.predicates",
    PluginKind.FORMAT: "cdc.formats",
    PluginKind.LOG: "cdc.transport",
}
"""Where the plugins that come with the product live: every module there may register some."""

ENTRY_POINT_GROUP = "cdc.plugins"
"""Third parties name a module under this entry point group; importing it registers its plugins."""


@dataclass(frozen=True, slots=True)
class Plugin:
    """A registered class with the names it answers to."""

    kind: PluginKind
    name: str
    java_classes: tuple[str, ...]
    cls: type[Any]

    @property
    def config_class(self) -> type[Config]:
        """The option model of the plugin."""
        found: type[Config] = self.cls.config_class
        return found

    def is_called(self, name: str) -> bool:
        """Whether `name` is the short name or the full one of a Java class."""
        return name == self.name or name in self.java_classes

    def answers_to(self, name: str) -> bool:
        """Whether `name` is the short name, a Java class, or an alias of one as Connect accepts it."""
        if self.is_called(name):
            return True
        simple = {java.rsplit(".", 1)[-1] for java in self.java_classes}
        return name in simple or name in {_strip_suffix(one, self.kind) for one in simple}


@dataclass(slots=True)
class _Registry:
    plugins: dict[tuple[PluginKind, str], Plugin] = field(default_factory=dict)
    loaded: set[PluginKind] = field(default_factory=set)


_registry = _Registry()
C = TypeVar("C", bound=type[Any])


def register(kind: str, name: str, *java_classes: str) -> Callable[[C], C]:
    """Register the decorated class under a short name and the Java classes it stands in for."""
    plugin_kind = PluginKind(kind)

    def decorate(cls: C) -> C:
        known = _registry.plugins.get((plugin_kind, name))
        if known is not None and known.cls.__qualname__ != cls.__qualname__:
            raise ValueError(f"{kind} {name!r} is registered twice: {known.cls!r} and {cls!r}")
        _registry.plugins[plugin_kind, name] = Plugin(plugin_kind, name, java_classes, cls)
        return cls

    return decorate


def available(kind: PluginKind) -> list[Plugin]:
    """Return every plugin of a kind, by name; imports their modules, never their drivers."""
    _load(kind)
    return sorted((p for p in _registry.plugins.values() if p.kind is kind), key=lambda p: p.name)


def find(kind: PluginKind, name: str) -> Plugin:
    """Return the plugin that answers to `name`; raises PluginNotFound with those there are."""
    if (near := _near(kind, name)) is not None:
        return near
    matches = [plugin for plugin in available(kind) if plugin.answers_to(name)]
    exact = [plugin for plugin in matches if plugin.is_called(name)]
    if len(exact or matches) == 1:
        return (exact or matches)[0]
    names = ", ".join(plugin.name for plugin in available(kind))
    problem = "is ambiguous" if matches else "is unknown"
    raise PluginNotFound(f"{kind.value} {name!r} {problem}", hint=f"available: {names}")


def find_connector(name: str) -> Plugin:
    """Return the source or sink that a `connector.class` names."""
    kinds = (PluginKind.SOURCE, PluginKind.SINK)
    for kind in kinds:
        if (near := _near(kind, name)) is not None:
            return near
    for kind in kinds:
        if any(plugin.answers_to(name) for plugin in available(kind)):
            return find(kind, name)
    names = ", ".join(plugin.name for kind in kinds for plugin in available(kind))
    raise PluginNotFound(
        f"Failed to find any class that implements Connector and which name matches {name}",
        hint=f"available connectors are: {names}",
    )


def _near(kind: PluginKind, name: str) -> Plugin | None:
    """Return the one plugin of exactly this name, from modules whose own name stands in it.

    A process of one connector need not hold the code of all the others.
    """
    if kind not in _registry.loaded:
        for module in _modules(kind):
            if module in name.lower():
                _import(kind, module)
    called = [one for one in _registry.plugins.values() if one.kind is kind and one.is_called(name)]
    return called[0] if len(called) == 1 else None


def _modules(kind: PluginKind) -> list[str]:
    """Return the names of the modules that come with the product; none where the package is left out."""
    try:
        package = importlib.import_module(PACKAGES[kind])
    except ModuleNotFoundError as error:
        if error.name != PACKAGES[kind]:
            raise
        return []
    return [module.name for module in pkgutil.iter_modules(package.__path__)]


def _import(kind: PluginKind, module: str) -> None:
    importlib.import_module(f"{PACKAGES[kind]}.{module}")


def _load(kind: PluginKind) -> None:
    if kind in _registry.loaded:
        return
    _registry.loaded.add(kind)
    for module in _modules(kind):
        _import(kind, module)
    # Late: it is slow to import, and who asks for a known name never comes here.
    from importlib.metadata import entry_points

    for entry_point in entry_points(group=ENTRY_POINT_GROUP):
        entry_point.load()


def _strip_suffix(simple: str, kind: PluginKind) -> str:
    suffixes = {
        PluginKind.SOURCE: ("Connector",),
        PluginKind.SINK: ("Connector",),
        PluginKind.FORMAT: ("Converter",),
    }
    for suffix in suffixes.get(kind, ()):
        simple = simple.removesuffix(suffix)
    return simple
