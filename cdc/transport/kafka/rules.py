"""`topic.creation.*`: how a source connector wants its topics to be made (Kafka's KIP-158)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from cdc.errors import ConfigError, Problem
from cdc.filters import java_regex

PREFIX = "topic.creation."
_DEFAULT = "default"
_OWN = ("include", "exclude", "replication.factor", "partitions")


@dataclass(frozen=True, slots=True)
class Rule:
    """What a topic that is made by it gets; -1 is the broker's default."""

    replication: int
    partitions: int
    config: Mapping[str, str] = field(default_factory=dict)
    include: tuple[re.Pattern[str], ...] = ()
    exclude: tuple[re.Pattern[str], ...] = ()

    def matches(self, topic: str) -> bool:
        """Whether the group is for this topic: its exclusions win."""
        if any(pattern.fullmatch(topic) for pattern in self.exclude):
            return False
        return any(pattern.fullmatch(topic) for pattern in self.include)


@dataclass(frozen=True, slots=True)
class Rules:
    """The groups in order, and the rule for everything else."""

    default: Rule
    groups: tuple[Rule, ...] = ()

    def rule(self, topic: str) -> Rule:
        """Return the first group's rule that matches, else the default."""
        return next((group for group in self.groups if group.matches(topic)), self.default)


def parse(config: Mapping[str, str]) -> Rules | None:
    """Return a connector's rules, None when it has none; raises ConfigError with all problems."""
    given = {n.removeprefix(PREFIX): str(v) for n, v in config.items() if n.startswith(PREFIX)}
    given.pop("enable", None)
    if not given:
        return None
    names = [name.strip() for name in given.pop("groups", "").split(",") if name.strip()]
    problems: list[Problem] = []
    default = _rule(_DEFAULT, given, None, problems)
    groups = tuple(_rule(name, given, default, problems) for name in names if name != _DEFAULT)
    if problems:
        raise ConfigError(problems, subject="Topic creation")
    return Rules(default, groups)


def _rule(group: str, given: Mapping[str, str], default: Rule | None, problems: list[Problem]) -> Rule:
    options = {n.removeprefix(f"{group}."): v for n, v in given.items() if n.startswith(f"{group}.")}
    name = f"{PREFIX}{group}"
    if default is not None and "include" not in options:
        problems.append(_missing(f"{name}.include"))
    return Rule(
        _number(f"{name}.replication.factor", options, default.replication if default else None, problems),
        _number(f"{name}.partitions", options, default.partitions if default else None, problems),
        {key: value for key, value in options.items() if key not in _OWN},
        _patterns(f"{name}.include", options, problems) if default else (),
        _patterns(f"{name}.exclude", options, problems) if default else (),
    )


def _number(name: str, options: Mapping[str, str], default: int | None, problems: list[Problem]) -> int:
    text = options.get(name.split(".", 3)[3])
    if text is None:
        if default is None:
            problems.append(_missing(name))
        return default or -1
    if text.strip() == "-1" or (text.strip().isdigit() and int(text) > 0):
        return int(text)
    message = (
        f"Invalid value {text} for configuration {name}: a number above 0, or -1 for the broker's default"
    )
    problems.append(Problem(name, message))
    return -1


def _patterns(name: str, options: Mapping[str, str], problems: list[Problem]) -> tuple[re.Pattern[str], ...]:
    found = []
    for text in options.get(name.split(".", 3)[3], "").split(","):
        try:
            if text.strip():
                found.append(java_regex(text.strip()))
        except ValueError as error:
            problems.append(Problem(name, f"Invalid value {text} for configuration {name}: {error}"))
    return tuple(found)


def _missing(name: str) -> Problem:
    return Problem(name, f'Missing required configuration "{name}" which has no default value.')
