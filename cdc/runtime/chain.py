"""Transforms and predicates of a connector, applied to batches in order (Connect's TransformationChain)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from cdc.batch import Batch
from cdc.errors import ConfigError, PluginNotFound, Problem
from cdc.plugin import Plugin, PluginKind, Predicate, Transform, find
from cdc.runtime.connector_config import subset
from cdc.runtime.retrying import Retry, at_once

_OURS = ("type", "predicate", "negate")


@dataclass(frozen=True, slots=True)
class Link:
    """One transform, with the predicate that guards it."""

    alias: str
    transform: Transform
    predicate: Predicate | None = None
    negate: bool = False

    def apply(self, batch: Batch) -> Iterable[Batch]:
        """Return what becomes of a batch; records that the predicate leaves out pass unchanged."""
        if self.predicate is None:
            return self.transform.apply(batch)
        verdict = self.predicate.test(batch)
        if isinstance(verdict, bool):
            return self.transform.apply(batch) if verdict is not self.negate else (batch,)
        return self._split(batch, [bool(one) is not self.negate for one in verdict])

    def _split(self, batch: Batch, chosen: Sequence[bool]) -> Iterator[Batch]:
        """Yield runs of chosen and other records, so that the order of the records stays."""
        start = 0
        for end in range(1, len(chosen) + 1):
            if end == len(chosen) or chosen[end] != chosen[start]:
                run = batch.select(range(start, end))
                if chosen[start]:
                    yield from self.transform.apply(run)
                else:
                    yield run
                start = end


class Chain:
    """All transforms of a connector."""

    def __init__(self, links: Sequence[Link] = (), retry: Retry = at_once) -> None:
        self.links, self._retry = tuple(links), retry
        self._last: Link | None = None

    def apply(self, batches: Iterable[Batch]) -> Iterable[Batch]:
        """Return what comes out at the end; without transforms the batches themselves."""
        for link in self.links:
            batches = self._through(link, batches)
        return batches

    def applied(self, batch: Batch) -> Iterable[Batch]:
        """Return the same for one batch, with all the work done."""
        return [*self.apply((batch,))] if self.links else (batch,)

    @property
    def culprit(self) -> type:
        """Who has failed: the class of the transform that was applied last."""
        assert self._last is not None
        return type(self._last.transform)

    def close(self) -> None:
        """Close every transform."""
        for link in self.links:
            link.transform.close()

    def _through(self, link: Link, batches: Iterable[Batch]) -> Iterator[Batch]:
        for batch in batches:
            if len(batch):
                self._last = link
                yield from self._retry(partial(_applied, link, batch))


def _applied(link: Link, batch: Batch) -> list[Batch]:
    """Apply a link to a copy: where it fails, the batch or parts of it come again."""
    return list(link.apply(replace(batch)))


def build_chain(raw: Mapping[str, str], retry: Retry = at_once) -> Chain:
    """Return the chain that `transforms` and `predicates` describe; raises ConfigError with all problems."""
    problems: list[Problem] = []
    links = [_link(alias, raw, problems) for alias in _aliases(raw, "transforms")]
    for alias in _aliases(raw, "predicates"):
        _plugin(PluginKind.PREDICATE, f"predicates.{alias}", raw, problems)
    if problems:
        raise ConfigError(list(dict.fromkeys(problems)))
    return Chain([link for link in links if link is not None], retry)


def _aliases(raw: Mapping[str, str], name: str) -> list[str]:
    return [alias.strip() for alias in raw.get(name, "").split(",") if alias.strip()]


def _link(alias: str, raw: Mapping[str, str], problems: list[Problem]) -> Link | None:
    prefix = f"transforms.{alias}"
    transform = _instance(PluginKind.TRANSFORM, prefix, raw, problems)
    named = raw.get(f"{prefix}.predicate", "").strip()
    negate = raw.get(f"{prefix}.negate", "false").strip().lower() == "true"
    if not named:
        if negate:
            problems.append(Problem(f"{prefix}.negate", f"{prefix}.negate needs {prefix}.predicate"))
        return Link(alias, transform) if transform else None
    if named not in _aliases(raw, "predicates"):
        message = f"{prefix}.predicate names {named!r}, which is not in predicates"
        problems.append(Problem(f"{prefix}.predicate", message))
        return None
    predicate = _instance(PluginKind.PREDICATE, f"predicates.{named}", raw, problems)
    return Link(alias, transform, predicate, negate) if transform and predicate else None


def _instance(kind: PluginKind, prefix: str, raw: Mapping[str, str], problems: list[Problem]) -> Any:
    plugin = _plugin(kind, prefix, raw, problems)
    if plugin is None:
        return None
    own = {name: value for name, value in subset(raw, f"{prefix}.").items() if name not in _OURS}
    try:
        return plugin.cls(plugin.config_class(own))
    except ConfigError as error:
        problems += [Problem(f"{prefix}.{p.option}", f"{prefix}: {p.message}") for p in error.problems]
        return None


def _plugin(kind: PluginKind, prefix: str, raw: Mapping[str, str], problems: list[Problem]) -> Plugin | None:
    option = f"{prefix}.type"
    name = raw.get(option, "").strip()
    try:
        if name:
            return find(kind, name)
        message = f'Missing required configuration "{option}" which has no default value.'
    except PluginNotFound as error:
        message = f"Invalid value {name} for configuration {option}: {error}"
    problems.append(Problem(option, message))
    return None
