"""Names made legal for Avro: Debezium's SchemaNameAdjuster."""

from __future__ import annotations

import re

_INVALID = re.compile(r"[^A-Za-z0-9_]")


def adjust(name: str, mode: str) -> str:
    """Return a (dotted) name under `schema.name.adjustment.mode`: none, avro or avro_unicode."""
    if mode == "none":
        return name
    replace = _unicode if mode == "avro_unicode" else _underscore
    return ".".join(_part(part, replace, unicode=mode == "avro_unicode") for part in name.split("."))


def adjust_field(name: str, mode: str) -> str:
    """Return a field's name under `field.name.adjustment.mode`; dots are not legal in it."""
    if mode == "none":
        return name
    replace = _unicode if mode == "avro_unicode" else _underscore
    return _part(name, replace, unicode=mode == "avro_unicode")


def _part(part: str, replace: object, *, unicode: bool) -> str:
    text = part.replace("_", "_u005f") if unicode else part
    text = _INVALID.sub(replace, text)  # type: ignore[call-overload]
    if text[:1].isdigit():
        text = f"_u{ord(text[0]):04x}{text[1:]}" if unicode else f"_{text}"
    return text


def _underscore(match: re.Match[str]) -> str:
    return "_" * len(_units(match[0]))


def _unicode(match: re.Match[str]) -> str:
    return "".join(f"_u{'00' if unit < 0x100 else ''}{unit:x}" for unit in _units(match[0]))


def _units(text: str) -> list[int]:
    """Return UTF-16 code units: Java's characters."""
    data = text.encode("utf-16-be", "surrogatepass")
    return [high << 8 | low for high, low in zip(data[::2], data[1::2], strict=True)]
