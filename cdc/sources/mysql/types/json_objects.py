"""Small objects of MySQL's binary JSON as text, by generated code: a writer for each set of keys and types.

Documents of a column mostly have the same keys, and values of the same types. An object is its count and
size, two octets each; for each key its offset and length, two octets each; for each value its type and, in
two octets, the value or its offset; the keys; the values. Offsets count from the count.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import Any

from cdc.generated import defined
from cdc.relational.column_type import json_string

Shape = tuple[str, str, str]
"""The entries of the keys, the types of the values, and the keys, as latin-1 views of their octets."""

Write = Callable[[bytes, str, int, list[int]], str]
"""(document, its latin-1 view, where the object's count is, room) → text; see `json_document` for `room`."""

_ENOUGH = 20
"""A writer costs as much as some hundred documents, so that many have to be alike."""
_MOST_WRITERS, _MOST_SHAPES, _MOST_KEYS, _LONGEST_KEYS = 1000, 5000, 64, 1000
_entries = struct.Struct("<HH").iter_unpack


class ObjectWriters(dict[Shape, Write]):
    """The writers that there are, by shape; bounded.

    kinds: for each type of a number or literal the struct code of its entry, and the expression of its text
    with `{v}` for what stands there. string: the type of strings. scope: what the expressions need, with
    `length`, `occupy` and `value` of all the rest.
    """

    def __init__(self, kinds: Mapping[int, tuple[str, str]], string: int, scope: Mapping[str, Any]) -> None:
        super().__init__()
        self._kinds, self._string = kinds, string
        self._scope = {**scope, "quoted": json_string}
        self._seen: dict[Shape, int] = {}

    def seen(self, shape: Shape) -> Write | None:
        """Take note of an object without a writer; return one if it is time for it."""
        if len(self._seen) >= _MOST_SHAPES:
            self._seen.clear()
        if len(shape[2]) > _LONGEST_KEYS or len(shape[1]) > _MOST_KEYS:
            return None
        times = self._seen[shape] = self._seen.get(shape, 0) + 1
        if times < _ENOUGH:
            return None
        keys = _keys_of(shape)
        if keys is None:
            return None
        del self._seen[shape]
        if len(self) >= _MOST_WRITERS:
            self.clear()
        write = self[shape] = self._writer(shape, keys)
        return write

    def _writer(self, shape: Shape, keys: list[str]) -> Write:
        """Generate the writer; the labels come by name, so that the code is that of the types alone."""
        entries, types, _ = shape
        labels = {f"label{at}": f"{',' if at else '{'}{json_string(key)}:" for at, key in enumerate(keys)}
        codes, lines, text, lengths = "<", [], "", ""
        for at, kind in enumerate(types.encode("latin-1")):
            code, expression = self._kinds.get(kind, ("H", f"value(b, s, {kind}, at + {{v}}, room)"))
            if kind == self._string:
                lines += [f"p{at} = at + v{at}; n{at} = b[p{at}]; p{at} += 1"]
                lines += [f"if n{at} > 127:", f"    n{at}, p{at} = length(b, p{at} - 1)"]
                lengths += f" + n{at}"
                expression = f"quoted(s[p{at}:p{at} + n{at}])"
            codes += f"x{code}"
            text += f"{{label{at}}}{{{expression.format(v=f'v{at}')}}}"
        names = "".join(f"v{at}, " for at in range(len(keys)))
        head = f"{names}= entries(b, at + {4 + len(entries)})"
        taken = f"occupy(room, {3 * len(keys) + sum(map(len, keys))}{lengths})"
        body = "\n".join(f"    {line}" for line in [head, *lines, taken, f"return f'{text}}}}}'"])
        code = f"def write(b, s, at, room):\n{body}"
        scope = {**self._scope, **labels, "entries": struct.Struct(codes).unpack_from}
        write: Write = defined(code, scope)["write"]
        return write


def _keys_of(shape: Shape) -> list[str] | None:
    """Return the keys; None where they do not stand one behind the other, so that others may lie between."""
    entries, types, text = shape
    first = end = 4 + 7 * len(types)
    keys = []
    for offset, length in _entries(entries.encode("latin-1")):
        if offset != end:
            return None
        end += length
        keys.append(text[offset - first : end - first])
    return keys if end - first == len(text) and len(keys) == len(types) else None
