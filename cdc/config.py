"""Options and configs: declared once, everything else (validation, docs, REST, forms) is derived.

An `Option` is a class attribute of a `Config`; its name, type, default, validator and documentation
follow Kafka's ConfigDef, so that a Connect or Debezium user finds names, defaults, units and
messages as known there.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, ClassVar, Generic, Self, TypeVar, overload

from cdc.errors import ConfigError, Problem

T = TypeVar("T")


class Kind(StrEnum):
    """Kafka's ConfigDef.Type."""

    BOOLEAN = "BOOLEAN"
    STRING = "STRING"
    INT = "INT"
    LONG = "LONG"
    DOUBLE = "DOUBLE"
    LIST = "LIST"
    CLASS = "CLASS"
    PASSWORD = "PASSWORD"


class Importance(StrEnum):
    """Kafka's ConfigDef.Importance."""

    HIGH = "HIGH"
    MEDIUM = "MEDIUM"
    LOW = "LOW"


class Secret(str):
    """A string that does not print itself; `reveal()` gives the text."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "[hidden]"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format("[hidden]", spec)

    def reveal(self) -> str:
        """Return the secret text."""
        return str.__str__(self)


REQUIRED: Any = object()
"""The default of an option that has none."""


class Option(Generic[T]):
    """One option of a config: a descriptor that gives the parsed value.

    parse: turns text into the value and raises ValueError(why). validate: raises ValueError(why)
    for a value that is out of bounds. aliases, old_values: former names and values, accepted with a
    warning. recommended: values offered by forms.
    """

    def __init__(
        self,
        name: str,
        kind: Kind,
        parse: Callable[[str], T],
        default: T = REQUIRED,
        *,
        doc: str,
        validate: Callable[[T], None] | None = None,
        importance: Importance = Importance.MEDIUM,
        group: str = "Connector",
        aliases: Sequence[str] = (),
        recommended: Sequence[str] = (),
        old_values: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.name, self.kind, self.parse, self.default, self.doc = name, kind, parse, default, doc
        self.validate, self.importance, self.group = validate, importance, group
        self.aliases, self.recommended = tuple(aliases), tuple(recommended)
        self.old_values = old_values

    @property
    def required(self) -> bool:
        """Whether the option must be given."""
        return self.default is REQUIRED

    @property
    def secret(self) -> bool:
        """Whether the value must never be shown."""
        return self.kind is Kind.PASSWORD

    @overload
    def __get__(self, instance: None, owner: type) -> Option[T]: ...
    @overload
    def __get__(self, instance: Config, owner: type) -> T: ...
    def __get__(self, instance: Config | None, owner: type) -> Option[T] | T:
        if instance is None:
            return self
        value: T = instance.values.get(self.name, self.default)
        return value

    def documented(self, doc: str) -> Self:
        """Return the same option with another text, for a config that extends a shared one."""
        other = copy(self)
        other.doc = doc
        return other

    def matches(self, name: str) -> bool:
        """Whether `name` is this option's name or a former one."""
        return name == self.name or name in self.aliases

    def read(self, text: str) -> T:
        """Return the value of `text`; raises ValueError with Kafka's message."""
        try:
            value = self.parse(text)
            if self.validate is not None:
                self.validate(value)
        except ValueError as error:
            shown = "[hidden]" if self.secret else text
            raise ValueError(f"Invalid value {shown} for configuration {self.name}: {error}") from None
        return value


class Options(Option[Mapping[str, T]], Generic[T]):
    """All options whose name matches a pattern, as a mapping from the variable part to the value.

    pattern: a regular expression with one group (or several: the key is then their tuple joined by
    a blank) that the whole name must match; `name` is how the family is written in the docs.
    """

    def __init__(
        self, name: str, pattern: str, kind: Kind, parse: Callable[[str], T], *, doc: str, **extra: Any
    ) -> None:
        super().__init__(name, kind, parse, {}, doc=doc, **extra)  # type: ignore[arg-type]
        self.pattern = re.compile(pattern)

    def matches(self, name: str) -> bool:
        """Whether `name` belongs to the family."""
        return self.pattern.fullmatch(name) is not None

    def variable(self, name: str) -> str:
        """Return the variable part of `name`."""
        match = self.pattern.fullmatch(name)
        assert match is not None
        return " ".join(match.groups())


@dataclass(frozen=True, slots=True)
class Warned:
    """Something about a config that works but deserves a look."""

    option: str
    message: str


class Config:
    """A validated set of options.

    Build it from a flat mapping of dotted names to text. All problems are reported at once
    (`ConfigError`); unknown options end up in `warnings` with the nearest known name.
    Options are inherited, so a plugin's config may extend a shared one.
    """

    options: ClassVar[tuple[Option[Any], ...]] = ()
    tolerated: ClassVar[tuple[str, ...]] = ()
    """Prefixes and names that belong to somebody else: no warning for them."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        found: dict[str, Option[Any]] = {}
        for base in reversed(cls.__mro__):
            for value in vars(base).values():
                if isinstance(value, Option):
                    found[value.name] = value
        cls.options = tuple(found.values())

    def __init__(self, raw: Mapping[str, Any], *, subject: str = "Configuration") -> None:
        self.raw = {name: _as_text(value) for name, value in raw.items() if value is not None}
        self.values: dict[str, Any] = {}
        self.warnings: list[Warned] = []
        self.problems: list[Problem] = []
        self._read()
        if not self.problems:
            self.problems.extend(self.check())
        if self.problems:
            raise ConfigError(self.problems, subject=subject)

    def check(self) -> Iterable[Problem]:
        """Yield what is wrong between options; each alone is valid when this is called."""
        return ()

    def _read(self) -> None:
        for option in self.options:
            if isinstance(option, Options):
                self._read_family(option)
            else:
                self._read_one(option)
        self._warn_about_unknown()

    def _read_one(self, option: Option[Any]) -> None:
        given = [name for name in (option.name, *option.aliases) if name in self.raw]
        if not given:
            if option.required:
                message = f'Missing required configuration "{option.name}" which has no default value.'
                self.problems.append(Problem(option.name, message))
            return
        if given[0] != option.name:
            self.warnings.append(Warned(given[0], f"{given[0]} is the old name of {option.name}"))
        self._store(option, option.name, given[0])

    def _read_family(self, option: Options[Any]) -> None:
        family: dict[str, Any] = {}
        for name in self.raw:
            if option.matches(name):
                self._store(option, option.variable(name), name, family)
        self.values[option.name] = family

    def _store(self, option: Option[Any], key: str, name: str, into: dict[str, Any] | None = None) -> None:
        try:
            value = option.read(self.raw[name])
            (self.values if into is None else into)[key] = value
            if self.raw[name].strip().lower() in option.old_values:
                self.warnings.append(Warned(name, f"{name}={self.raw[name]} is an old name of {value}"))
        except ValueError as error:
            self.problems.append(Problem(name, str(error)))

    def _warn_about_unknown(self) -> None:
        known = [option.name for option in self.options]
        for name in self.raw:
            if name.startswith(self.tolerated) or any(option.matches(name) for option in self.options):
                continue
            self.warnings.append(Warned(name, unknown(name, known)))

    def __iter__(self) -> Iterator[tuple[Option[Any], Any]]:
        return ((option, self.values.get(option.name, option.default)) for option in self.options)

    def __repr__(self) -> str:
        shown = {
            option.name: "[hidden]" if option.secret else self.values[option.name]
            for option in self.options
            if option.name in self.values
        }
        return f"{type(self).__name__}({shown})"


def unknown(name: str, known: Iterable[str]) -> str:
    """Return the warning for an option that nobody knows, with a name that it may be a slip of."""
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=_A_SLIP)
    advice = f"; did you mean {near[0]}?" if near else ""
    return f"Unknown option {name} is ignored{advice}"


_A_SLIP = 0.86
"""How alike names are that differ by a slip; those of other options have words in common, too."""


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return ",".join(map(_as_text, value))
    return str.__str__(value) if isinstance(value, str) else str(value)


# -- constructors of the common kinds ----------------------------------------------------------


def string(name: str, default: str | None = REQUIRED, **extra: Any) -> Option[str]:
    """Declare a text option. Empty text counts as given."""
    return Option(name, Kind.STRING, str.strip, default, **extra)  # type: ignore[arg-type]


def optional_string(name: str, **extra: Any) -> Option[str | None]:
    """Declare a text option that may be absent (None); empty text counts as absent."""
    return Option(name, Kind.STRING, lambda text: text.strip() or None, None, **extra)


def password(name: str, default: str | None = None, **extra: Any) -> Option[Secret | None]:
    """Declare a secret."""
    return Option(name, Kind.PASSWORD, Secret, None if default is None else Secret(default), **extra)


def boolean(name: str, default: bool = REQUIRED, **extra: Any) -> Option[bool]:
    """Declare a switch: true or false, in any case."""
    return Option(name, Kind.BOOLEAN, _parse_boolean, default, **extra)


def integer(
    name: str,
    default: int = REQUIRED,
    *,
    at_least: int | None = None,
    at_most: int | None = None,
    kind: Kind = Kind.INT,
    **extra: Any,
) -> Option[int]:
    """Declare a whole number within bounds; units are part of its name, as in Kafka (`.ms`, `.bytes`)."""

    def validate(value: int) -> None:
        if at_least is not None and value < at_least:
            raise ValueError(f"Value must be at least {at_least}")
        if at_most is not None and value > at_most:
            raise ValueError(f"Value must be no more than {at_most}")

    def parse(text: str) -> int:
        try:
            return int(text.strip())
        except ValueError:
            raise ValueError(f"Not a number of type {kind}") from None

    return Option(name, kind, parse, default, validate=validate, **extra)


def double(name: str, default: float = REQUIRED, **extra: Any) -> Option[float]:
    """Declare a floating point number."""
    return Option(name, Kind.DOUBLE, _parse_double, default, **extra)


def names(name: str, default: Sequence[str] = (), **extra: Any) -> Option[Sequence[str]]:
    """Declare a comma-separated list; blanks around the items do not count."""
    return Option(name, Kind.LIST, _parse_list, tuple(default), **extra)


def choice(
    name: str,
    allowed: Sequence[str],
    default: str = REQUIRED,
    *,
    old: Mapping[str, str] = MappingProxyType({}),
    **extra: Any,
) -> Option[str]:
    """Declare one of several words, in any case; `old` maps former words to today's."""

    def parse(text: str) -> str:
        word = text.strip().lower()
        word = old.get(word, word)
        if word not in allowed:
            raise ValueError(f"String must be one of: {', '.join(allowed)}")
        return word

    return Option(name, Kind.STRING, parse, default, recommended=allowed, old_values=old, **extra)


def _parse_boolean(text: str) -> bool:
    word = text.strip().lower()
    if word not in ("true", "false"):
        raise ValueError("Expected value to be either true or false")
    return word == "true"


def _parse_double(text: str) -> float:
    try:
        return float(text.strip())
    except ValueError:
        raise ValueError("Not a number of type DOUBLE") from None


def _parse_list(text: str) -> tuple[str, ...]:
    return tuple(item.strip() for item in text.split(",") if item.strip())
