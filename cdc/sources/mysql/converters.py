"""Converters of single columns that Debezium ships for MySQL and MariaDB (`converters`).

Each is the model of its own options, under the names of `io.debezium.connector.binlog.converters`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

from cdc import config as options
from cdc.capture.config.lists import patterns
from cdc.config import Config, Kind, Option, Options
from cdc.errors import ConfigError, Problem
from cdc.filters import matches_any
from cdc.sources.mysql.types import Forms, Modes, jdbc_types, numbers, resolve, schema_default, temporal
from cdc.sources.mysql.types.names import type_name
from cdc.sources.mysql.types.registry import without_placeholder
from schemas.definition import ColumnDefinition


@dataclass(frozen=True, slots=True)
class Converted:
    """What a column is in events: its types, whether it may be null, its default (None for none)."""

    forms: Forms
    optional: bool
    default: Any


def converted(forms: Forms, column: ColumnDefinition, modes: Modes) -> Converted:
    """Return a column with the optionality and default of its definition."""
    found = without_placeholder(forms, optional=column.optional)
    return Converted(found, column.optional, schema_default(column, found.text, modes))


class Converter(Config):
    """One converter."""

    def convert(self, name: str, column: ColumnDefinition, modes: Modes) -> Converted | None:
        """Return what the column of this full name becomes; None to leave it to others."""
        raise NotImplementedError


class TinyIntOneToBoolean(Converter):
    """TINYINT(1) as BOOLEAN, in snapshot and stream alike."""

    selector = patterns("selector", "Columns (`database.table.column`) to convert; all by default.")
    length_checker = options.boolean("length.checker", True, doc="Leave out all but TINYINT(1).")

    def convert(self, name: str, column: ColumnDefinition, modes: Modes) -> Converted | None:
        """Convert TINYINT, with or without UNSIGNED."""
        if type_name(column).name != "TINYINT" or (self.length_checker and column.length != 1):
            return None
        if self.selector and not matches_any(self.selector, name):
            return None
        return converted(numbers.boolean(), column, modes)


def _or_null(read: Callable[[str], Any]) -> Callable[[str], Any]:
    """Return how a fallback is read: None for NULL and for an empty text."""
    return lambda text: None if text.strip().upper() in ("", "NULL") else read(text.strip())


def _reads(read: Callable[[str], Any], text: str) -> bool:
    try:
        _or_null(read)(text)
    except ValueError:
        return False
    return True


def _moment(text: str) -> int:
    """Return the microseconds of `yyyy-MM-dd HH:mm:ss`."""
    moment = datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    return int(moment.timestamp()) * 1_000_000


def _zoned(text: str) -> str:
    """Return ISO 8601 with an offset in UTC."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("it has no offset, as in 1970-01-01T00:00:00Z")
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _day(text: str) -> int:
    return date.fromisoformat(text).toordinal() - date(1970, 1, 1).toordinal()


_FALLBACKS: Mapping[str, Callable[[str], Any]] = {"DATE": _day, "DATETIME": _moment, "TIMESTAMP": _zoned}


def _fallback(kind: str, form: str) -> Option[Any]:
    name = f"fallback.{kind.lower()}"
    doc = f"What a zero {kind} becomes, as `{form}`; NULL by default."
    return Option(name, Kind.STRING, _or_null(_FALLBACKS[kind]), None, doc=doc)


class ZeroDateFallback(Converter):
    """Zero and partial dates as a value of one's own, or as null in columns that can be null then.

    A NULL of the table stays null. The types do not depend on `time.precision.mode`, and years are not
    adjusted, both as in Debezium.
    """

    target_types = options.names("target.types", tuple(_FALLBACKS), doc="Types to convert.")
    selector = patterns("selector", "Columns (`database.table.column`) to convert; all by default.")
    fallback_date = _fallback("DATE", "yyyy-MM-dd")
    fallback_datetime = _fallback("DATETIME", "yyyy-MM-dd HH:mm:ss")
    fallback_timestamp = _fallback("TIMESTAMP", "yyyy-MM-ddTHH:mm:ssZ")
    by_column = Options(
        "column.<column>.fallback",
        r"column\.(.+)\.fallback",
        Kind.STRING,
        str,
        doc="The fallback of one column (`database.table.column`), in the form of its type.",
    )

    def convert(self, name: str, column: ColumnDefinition, modes: Modes) -> Converted | None:
        """Convert DATE, DATETIME and TIMESTAMP."""
        kind = type_name(column).name
        if kind not in {target.upper() for target in self.target_types} or kind not in _FALLBACKS:
            return None
        if self.selector and not matches_any(self.selector, name):
            return None
        zero = self._zero(kind, name)
        digits, modes = (
            column.length or 0,
            replace(modes, time="adaptive_time_microseconds", adjust_years=False),
        )
        if kind == "DATE":
            forms = temporal.date(modes, zero)
        elif kind == "DATETIME":
            unit = 1 if digits > 3 else 1000
            forms = temporal.datetime(digits, modes, None if zero is None else zero // unit)
        else:
            forms = temporal.timestamp(digits, modes, zero, shortest=True)
        found = converted(forms, column, modes)
        return found if zero is not None else replace(found, optional=True)

    def _zero(self, kind: str, name: str) -> Any:
        own = self.by_column.get(name)
        return self.values.get(f"fallback.{kind.lower()}") if own is None else _or_null(_FALLBACKS[kind])(own)

    def check(self) -> Iterable[Problem]:
        """Yield the fallbacks of columns that are of no type."""
        for column, text in self.by_column.items():
            if not any(_reads(read, text) for read in _FALLBACKS.values()):
                name = f"column.{column}.fallback"
                yield Problem(name, f"Invalid value {text} for configuration {name}: no date or time")


class JdbcSinkDataTypes(Converter):
    """Columns in the types that sinks make the same tables of, wherever their definition comes from.

    A column that has no such value, as a date among booleans, is left to others: Debezium has 0 or an empty
    string for it.
    """

    selector_boolean = patterns("selector.boolean", "Columns that become INT16: 1 above zero, else 0.")
    selector_real = patterns("selector.real", "Columns that become FLOAT64.")
    selector_string = patterns("selector.string", "Columns that become STRING and name their character set.")
    treat_real_as_double = options.boolean(
        "treat.real.as.double",
        True,
        doc="Whether the columns of `selector.real` become FLOAT64, not FLOAT32.",
    )

    def convert(self, name: str, column: ColumnDefinition, modes: Modes) -> Converted | None:
        """Convert numbers, and character types to STRING."""
        found = resolve(column, replace(modes, decimal="precise", bigint_unsigned="precise"))
        if found is None:
            return None
        if matches_any(self.selector_boolean, name):
            forms = jdbc_types.flag(found)
        elif matches_any(self.selector_real, name):
            forms = jdbc_types.real(found, double=self.treat_real_as_double)
        elif matches_any(self.selector_string, name):
            forms = jdbc_types.string(found, column.charset)
        else:
            return None
        return None if forms is None else converted(forms, column, modes)


_CLASSES: Mapping[str, type[Converter]] = {
    "TinyIntOneToBoolean": TinyIntOneToBoolean,
    "ZeroDateFallback": ZeroDateFallback,
    "JdbcSinkDataTypes": JdbcSinkDataTypes,
}
CONVERTERS: Mapping[str, type[Converter]] = {
    f"io.debezium.connector.{package}.converters.{name}Converter": found
    for name, found in _CLASSES.items()
    for package in ("binlog", "mysql")
}


def converters(config: Config, aliases: Iterable[str]) -> list[Converter]:
    """Return the converters that a config names; raises ConfigError with all that is wrong with them."""
    found, problems = [], []
    for alias in aliases:
        prefix = f"{alias}."
        own = {
            name.removeprefix(prefix): text for name, text in config.raw.items() if name.startswith(prefix)
        }
        kind = own.pop("type", "").strip()
        made = CONVERTERS.get(kind)
        if made is None:
            problems.append(Problem(f"{alias}.type", _unknown(alias, kind)))
            continue
        try:
            found.append(made(own))
        except ConfigError as error:
            problems += [Problem(prefix + one.option, f"{alias}: {one.message}") for one in error.problems]
    if problems:
        raise ConfigError(problems)
    return found


def _unknown(alias: str, kind: str) -> str:
    if not kind:
        return f'Missing required configuration "{alias}.type" which has no default value.'
    return f"Invalid value {kind} for configuration {alias}.type: there are {', '.join(sorted(CONVERTERS))}"
