"""Documents of one collection mostly share their shape: a function generated for each shape.

A shape is the sequence of names and types; arrays and the rare types stand in it as holes. What has a
fixed size is unpacked a run at a time, from one string to the next; names, types and ends between the
values are compared as constants, so that a document of another shape is told at once.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from cdc.sources.mongodb.ejson.modes import Mode

WriteShape = Callable[[bytes, Callable[[str], str]], str | None]
"""Returns the text of a document, given what quotes strings; None when the shape is another one."""

LARGEST: Final = 250
"""Elements of a document that gets a function of its own."""

_FIXED: Final = {1: "d", 7: "12s", 8: "B", 9: "q", 16: "i", 17: "Q", 18: "q", 19: "16s"}


@dataclass(slots=True)
class _Layout:
    """The code of a shape while it is put together."""

    mode: Mode
    scope: dict[str, Any]
    lines: list[str] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    literal: bytes = b""
    format: str = "<"
    names: list[str] = field(default_factory=list)
    checks: list[str] = field(default_factory=list)
    count: int = 0

    def name(self, prefix: str) -> str:
        """Return a new name."""
        self.count += 1
        return f"{prefix}{self.count}"

    def settle(self) -> None:
        """Turn the constant bytes gathered so far into a check."""
        if self.literal:
            name = self.name("c")
            self.format += f"{len(self.literal)}s"
            self.names.append(name)
            self.checks.append(f"{name} != {self.literal!r}")
            self.literal = b""

    def fixed(self, code: str) -> str:
        """Unpack a value of a fixed size; return its name."""
        self.settle()
        self.names.append(name := self.name("v"))
        self.format += code
        return name

    def flush(self) -> None:
        """End the run: from here on positions are known only at run time."""
        self.settle()
        if not self.names:
            return
        run = struct.Struct(self.format)
        unpack = self.name("unpack")
        self.scope[unpack] = run.unpack_from
        self.lines.append(f"{', '.join(self.names)}, = {unpack}(data, at)")
        if self.checks:
            self.lines.append(f"if {' or '.join(self.checks)}: return None")
        self.lines.append(f"at += {run.size}")
        self.format, self.names, self.checks = "<", [], []

    def string(self) -> None:
        """Read a string; its end is checked together with what follows."""
        size = self.fixed("i")
        self.flush()
        text = self.name("t")
        self.lines.append(f"{text} = data[at:at + {size} - 1].decode(); at += {size} - 1")
        self.literal = b"\0"
        self.text.append(f"{{quote({text})}}")

    def hole(self, call: str) -> None:
        """Leave a value to the general function."""
        self.flush()
        out = self.name("o")
        self.lines.append(f"{out} = []; at = {call.format(out=out)}; {out} = ''.join({out})")
        self.text.append(f"{{{out}}}")

    def around(self, template: str, *expressions: str) -> None:
        """Add a template of the mode around expressions."""
        text = template.replace(", ", self.mode.comma).replace("{", "{{").replace("}", "}}")
        for mark, expression in zip("%&", expressions, strict=False):
            text = text.replace(mark, f"{{{expression}}}")
        self.text.append(text)


def learn(data: bytes, mode: Mode, scope: Mapping[str, Any]) -> WriteShape | None:
    """Return the function for documents of the shape of `data`, a sound document.

    scope: that of the general writer of the mode. None: the shape is too large to be worth it.
    """
    layout = _Layout(mode, dict(scope))
    _document(layout, data, 0)
    layout.flush()
    if layout.count > 3 * LARGEST:
        return None
    body = "\n    ".join(layout.lines)
    text = "".join(layout.text)
    result = f"f'{text}' if at == len(data) else None"
    code = f"def shape(data, quote):\n    at = 0\n    {body}\n    return {result}\n"
    exec(code, layout.scope)  # noqa: S102 - names are constants: bytes by repr, labels escaped
    found: WriteShape = layout.scope["shape"]
    return found


def _document(layout: _Layout, data: bytes, at: int) -> int:
    """Add a document's members; return where it ends."""
    layout.settle()
    layout.format += "4x"
    if not layout.names:  # a run has to give something
        layout.names.append(layout.name("c"))
        layout.format = layout.format[:-2] + "i"
    layout.text.append("{{")
    stop = at + int.from_bytes(data[at : at + 4], "little")
    at, comma = at + 4, ""
    while kind := data[at]:
        behind = data.index(0, at + 1) + 1
        layout.literal += data[at:behind]
        label = layout.scope["quote"](data[at + 1 : behind - 1].decode())
        layout.text.append(f"{comma}{_inside(label)}: ")
        at = _value(layout, kind, data, behind)
        comma = layout.mode.comma
        if layout.count > 3 * LARGEST:
            return stop
    layout.literal += b"\0"
    layout.text.append("}}")
    return stop


def _inside(label: str) -> str:
    """Return text for the inside of an f-string in single quotes."""
    escaped = label.replace("\\", "\\\\").replace("'", "\\'")
    return escaped.replace("{", "{{").replace("}", "}}")


def _value(layout: _Layout, kind: int, data: bytes, at: int) -> int:
    """Add a value; return where it ends."""
    if kind in _FIXED:
        value = layout.fixed(_FIXED[kind])
        layout.around(*_scalar(layout.mode, kind, value))
        return at + struct.calcsize(f"<{_FIXED[kind]}")
    if kind == 2:
        layout.string()
        return at + 4 + int.from_bytes(data[at : at + 4], "little")
    if kind == 3:
        return _document(layout, data, at)
    if kind == 10:
        layout.text.append("null")
        return at
    general = layout.scope["document" if kind == 4 else "rare"]
    before, behind = ("", ", False") if kind == 4 else (f"{kind}, ", "")
    layout.hole(f"{general.__name__}({before}data, at, {{out}}, []{behind})")
    end: int = general(data, at, [], [], False) if kind == 4 else general(kind, data, at, [], [])
    return end


def _scalar(mode: Mode, kind: int, value: str) -> tuple[str, ...]:
    """Return the template of a value of a fixed size, and the expressions that fill it."""
    scalars: dict[int, tuple[str, ...]] = {
        1: ("%", f"double_json({value})"),
        7: (mode.oid, f"{value}.hex()"),
        8: ("%", f'"true" if {value} else "false"'),
        9: (mode.date, value) if mode.iso_dates == "none" else ("%", f"date_json({value})"),
        16: (mode.int32, value),
        17: (mode.timestamp, f"{value} >> 32", f"{value} & 0xFFFFFFFF"),
        18: (mode.int64, value),
        19: (mode.decimal, f"decimal_text({value})"),
    }
    return scalars[kind]
