"""Character and binary strings, ENUM and SET, and MariaDB's own: compressed columns, UUID, INET."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from cdc.relational.binary import VIEW_OCTETS, binary
from cdc.relational.column_type import ColumnType, function, interned, json_string
from cdc.relational.text_view import PLAIN, TEXT, view
from cdc.sources.mysql.binlog.events import ColumnMap
from cdc.sources.mysql.types.charsets import UTF8, reader
from cdc.sources.mysql.types.forms import Forms
from cdc.sources.mysql.types.modes import Modes
from cdc.sources.mysql.types.wire import COMPRESSED
from schemas import connect, logical
from schemas.calendar import Memo
from schemas.connect import Schema, Type
from schemas.table import Codec


def string(charset: str | None, length: int | None, modes: Modes, schema: Schema = connect.STRING) -> Forms:
    """Return a character type; `charset` is that of its octets in the binary log."""
    found = ColumnType(schema, TEXT, "", modes.placeholder_text, character=True, length=length)
    codec, text = stored_text(charset or "utf8mb4")
    return _maybe_compressed(found, codec, text)


def stored_text(charset: str) -> tuple[Codec, str]:
    """Return the codec of octets in a character set, and the expression of their view as UTF-8."""
    if charset in UTF8:
        return TEXT, "v"
    name, read = interned("mysql_text", charset, lambda: reader(charset))
    scope = {name: read, "rel_view": view, "json_string": json_string}
    return Codec(f"{name}(v)", f"json_string(rel_view({name}(v)))", scope), f"rel_view({name}(v))"


def octets(modes: Modes, *, padded: int = 0) -> Forms:
    """Return a binary type by `binary.handling.mode`; padded: the width that zeros fill up (BINARY)."""
    found = binary(VIEW_OCTETS, {}, modes)
    stored = f"{VIEW_OCTETS}.ljust({padded}, b'\\0')" if padded else VIEW_OCTETS
    return _maybe_compressed(found, binary(stored, {}, modes).codec, "v")


# -- MariaDB's compressed columns -----------------------------------------------------------------


def inflate(v: str) -> str:
    """Return the octets of a compressed column's value, as views.

    A byte says how (0: as they are; else 0x80, the size of the length, 8 for no zlib header), then comes
    the length, big-endian (MariaDB's `compress_zlib`).
    """
    if not v:
        return v
    how = ord(v[0])
    if not how:
        return v[1:]
    window = -zlib.MAX_WBITS if how & 8 else zlib.MAX_WBITS
    return zlib.decompress(v[1 + (how & 7) :].encode("latin-1"), window).decode("latin-1")


def _maybe_compressed(found: ColumnType, codec: Codec, text: str) -> Forms:
    plain = replace(found, codec=codec, text=text)

    def stored(column: ColumnMap) -> ColumnType:
        return _compressed(plain) if column.type in COMPRESSED else plain

    return Forms(found, stored)


def _compressed(plain: ColumnType) -> ColumnType:
    assert plain.codec.json is not None
    scope: dict[str, Any] = {"mysql_inflate": inflate}
    wrapped = []
    for expression in (plain.codec.value, plain.codec.json, plain.text):
        if expression == "v":
            wrapped.append("mysql_inflate(v)")
            continue
        key = (expression, tuple(plain.codec.scope))
        name, inner = interned("mysql_inner", key, partial(function, expression, plain.codec.scope))
        scope[name] = inner
        wrapped.append(f"{name}(mysql_inflate(v))")
    value, json, text = wrapped
    return replace(plain, codec=Codec(value, json, scope), text=text)


# -- enum and set ---------------------------------------------------------------------------------


def enum(labels: Sequence[str], modes: Modes) -> Forms:
    """Return ENUM: in the log the number of a label, 0 for what was no label when it was written."""
    schema = logical.enum(labels)
    found = ColumnType(schema, TEXT, "", modes.placeholder_text, character=True)
    return _numbered(found, "enum", labels, lambda: ("", *labels))


def label_set(labels: Sequence[str], modes: Modes) -> Forms:
    """Return SET: in the log a bitmap of its labels, little-endian."""
    schema = logical.enum(labels, logical.ENUM_SET)
    found = ColumnType(schema, TEXT, "", modes.placeholder_text)

    def members(v: bytes) -> str:
        bitmap = int.from_bytes(v, "little")
        return ",".join(label for at, label in enumerate(labels) if bitmap >> at & 1)

    return _numbered(found, "set", labels, lambda: Memo(members))  # type: ignore[arg-type]


def _numbered(found: ColumnType, kind: str, labels: Sequence[str], make: Callable[[], Any]) -> Forms:
    key = tuple(labels)
    name, values = interned(f"mysql_{kind}", key, make)
    quoted = (
        (lambda: tuple(json_string(view(one)) for one in values))
        if kind == "enum"
        else (lambda: Memo(lambda v: json_string(view(values[v]))))
    )
    written, texts = interned(f"mysql_{kind}_json", key, quoted)
    codec = Codec(f"{name}[v]", f"{written}[v]", {name: values, written: texts, "rel_view": view})
    stored = replace(found, codec=codec, text=f"rel_view({name}[v])")
    return Forms(found, lambda _: stored)


# -- UUID, INET4, INET6 ---------------------------------------------------------------------------


def uuid(modes: Modes) -> Forms:
    """Return MariaDB's UUID."""
    schema = logical.semantic(Type.STRING, logical.UUID)
    return _plain(schema, "mysql_uuid(v)", {"mysql_uuid": stored_uuid}, modes)


def stored_uuid(v: str) -> str:
    """Return the text of a UUID's octets, which are in its own order (tables keep them in another one)."""
    text = v.encode("latin-1").ljust(16, b"\0").hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def inet4(modes: Modes) -> Forms:
    """Return MariaDB's INET4."""
    return _plain(connect.STRING, "mysql_inet4(v)", {"mysql_inet4": stored_inet4}, modes)


def stored_inet4(v: str) -> str:
    """Return the text of an IPv4 address."""
    return ".".join(str(octet) for octet in v.encode("latin-1").ljust(4, b"\0"))


def inet6(modes: Modes) -> Forms:
    """Return MariaDB's INET6."""
    return _plain(connect.STRING, "mysql_inet6(v)", {"mysql_inet6": stored_inet6}, modes)


def stored_inet6(v: str) -> str:
    """Return the text of an IPv6 address as the server prints it: IPv4 in dots, a lone zero as `::` too."""
    words = struct.unpack(">8H", v.encode("latin-1").ljust(16, b"\0"))
    runs = list(_ZEROS.finditer("".join("-0"[not word] for word in words)))
    if not runs:
        return ":".join(f"{word:x}" for word in words)
    start, end = max(runs, key=lambda run: run.end() - run.start()).span()
    tail = [f"{word:x}" for word in words[end:]]
    if not start and (end == 6 or (end == 5 and words[5] == 0xFFFF)):
        tail[-2:] = [".".join(str(half) for word in words[6:] for half in divmod(word, 256))]
    return ":".join(f"{word:x}" for word in words[:start]) + "::" + ":".join(tail)


_ZEROS = re.compile("0+")


def _plain(schema: Schema, expression: str, scope: dict[str, Any], modes: Modes) -> Forms:
    found = ColumnType(schema, PLAIN, "", modes.placeholder_text)
    codec = Codec(expression, f"'\"' + {expression} + '\"'", scope)
    stored = replace(found, codec=codec, text=expression)
    return Forms(found, lambda _: stored)
