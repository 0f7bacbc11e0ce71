"""Row images of row events, read by generated code: one reader for each set of present columns and of NULLs.

So readers have no branches, and neighbours of fixed width are one `struct.unpack_from`. An image is a
null bitmap over its present columns, then the values that are not NULL
(https://dev.mysql.com/doc/dev/mysql-server/latest/classmysql_1_1binlog_1_1event_1_1Rows__event.html).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from cdc.batch import ImageTemplate
from cdc.generated import defined
from cdc.relational import cells
from cdc.sources.mysql import shared_readers
from cdc.sources.mysql.binlog.events import ColumnMap, Shape
from cdc.sources.mysql.shared_readers import identity, plan, shared
from cdc.sources.mysql.types.forms import Wire
from cdc.sources.mysql.types.json_diff import patched
from schemas.definition import ColumnDefinition
from schemas.table import Table

Read = shared_readers.Read
"""(bytes, their latin-1 text, position of the first value[, values of the old image]) → (row, key)."""

_INT32 = struct.Struct("<I").unpack_from


@dataclass(frozen=True, slots=True)
class StoredColumn:
    """A column of a table map: the field it goes into (None: not captured), and how it is stored.

    json: it may hold differences to the old document.
    """

    field: str | None
    wire: Wire
    json: bool = False


@dataclass(frozen=True, slots=True)
class Image:
    """Which columns an image has, which of them are NULL, and which come from elsewhere, all by index.

    borrowed: unchanged columns that only the old image has. differing: hold differences to the old one.
    """

    present: tuple[int, ...]
    nulls: frozenset[int]
    borrowed: tuple[int, ...] = ()
    differing: frozenset[int] = frozenset()

    @property
    def old(self) -> tuple[int, ...]:
        """The columns whose old values a reader needs, in the order in which it gets them."""
        return (*self.borrowed, *sorted(self.differing))


def columns_in(bitmap: bytes | None, width: int) -> tuple[int, ...]:
    """Return the columns of a bitmap."""
    if bitmap is None:
        return ()
    return tuple(at for at in range(width) if bitmap[at >> 3] >> (at & 7) & 1)


@dataclass(eq=False)
class RowLayout:
    """How the rows of one table version are laid out; compiles readers when they are first needed.

    stored: the columns in the order of the table map. key: those of the record key, as defined and as mapped.
    row_end: the hidden column of system versioning (`versioned_rows`), None without.
    """

    table: Table
    stored: Sequence[StoredColumn]
    key: Sequence[tuple[ColumnDefinition, ColumnMap]] = ()
    row_end: int | None = None
    _shapes: dict[Shape, ShapeReaders] = field(default_factory=dict)
    _stored: object = field(init=False)
    _plans: dict[ImageTemplate, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._stored = identity(tuple(self.stored))

    def readers(self, shape: Shape) -> ShapeReaders:
        """Return the readers of a shape."""
        found = self._shapes.get(shape)
        if found is None:
            found = self._shapes[shape] = ShapeReaders(self, shape)
        return found

    def compile(self, image: Image, template: ImageTemplate) -> Read:
        """Return the reader of an image by a template."""
        found = self._plans.get(template)
        if found is None:
            found = self._plans[template] = plan(template, self.table)
        return shared((self._stored, image, found), lambda: self._compile(image, template))

    def _compile(self, image: Image, template: ImageTemplate) -> Read:
        code = _Code(self.stored)
        for column in code.walk(image):
            wanted = cells.cells_of(template, self.table, self.stored[column].field)
            code.column(column, image, wanted)
        code.add(f"return {cells.result(template, self.table)}")
        return code.compiled("b, s, p, old=None", template.scope)

    def compile_values(self, image: Image, columns: Sequence[int]) -> Read:
        """Return the reader of some columns' values as they are stored, None for NULL."""
        code = _Code(self.stored)
        for column in code.walk(image):
            if column in columns:
                code.raw(column, image)
            else:
                code.column(column, image, [])
        code.add(f"return ({''.join(f'w{column}, ' for column in columns)})")
        return code.compiled("b, s, p", {})

    def compile_skip(self, image: Image) -> Read:
        """Return the function from the position of the first value to that behind the last one."""
        return shared((self._stored, image), lambda: self._compile_skip(image))

    def _compile_skip(self, image: Image) -> Read:
        code = _Code(self.stored)
        for column in code.walk(image):
            code.column(column, image, [])
        code.flush()
        code.add("return p")
        return code.compiled("b, p", {})


class _Code:
    """Generate one reader; values of fixed width wait until one of another kind, or the end, comes."""

    def __init__(self, stored: Sequence[StoredColumn]) -> None:
        self._stored = stored
        self._lines: list[str] = []
        self._scope: dict[str, Any] = {"INT32": _INT32, "patched": patched}
        self._codes: list[str] = []
        self._names: list[str] = []
        self._after: list[str] = []

    def walk(self, image: Image) -> Iterator[int]:
        """Yield every column: first those that are read, in their order, then the others."""
        yield from image.present
        self.flush()
        present = frozenset(image.present)
        yield from (column for column in range(len(self._stored)) if column not in present)

    def column(self, column: int, image: Image, wanted: cells.Cells) -> None:
        """Read, borrow or miss one column and fill its cells."""
        if column in image.nulls:
            self._after += cells.null(wanted)
        elif column in image.differing:
            self._differing(column, image, wanted)
        elif column in image.present:
            self._value(column, f"w{column}", wanted)
        elif column in image.borrowed:
            self._borrowed(f"old[{image.old.index(column)}]", wanted)
        else:
            self.add(*cells.unavailable(wanted))

    def raw(self, column: int, image: Image) -> None:
        """Read one column into the variable of its own."""
        if column in image.nulls or column not in image.present:
            self._after.append(f"w{column} = None")
        else:
            self._value(column, f"w{column}", None)

    def add(self, *lines: str) -> None:
        """Write statements; what waits comes first."""
        if lines:
            self.flush()
            self._lines += lines

    def flush(self) -> None:
        """Write what waits."""
        if self._codes:
            packed = struct.Struct("<" + "".join(self._codes))
            name = f"S{len(self._scope)}"
            self._scope[name] = packed.unpack_from
            if self._names:
                self._lines.append(f"{''.join(f'{one}, ' for one in self._names)}= {name}(b, p)")
            self._lines.append(f"p += {packed.size}")
        self._lines += self._after
        self._codes, self._names, self._after = [], [], []

    def compiled(self, parameters: str, scope: Any) -> Read:
        """Return the function."""
        self.flush()
        body = "\n".join(f"    {line}" for line in self._lines)
        read: Read = defined(f"def read({parameters}):\n{body}", {**scope, **self._scope})["read"]
        return read

    def _value(self, column: int, name: str, wanted: cells.Cells | None) -> None:
        wire = self._stored[column].wire
        unused = wanted is not None and not wanted
        if wire.code:
            self._codes.append(f"{struct.calcsize('<' + wire.code)}x" if unused else wire.code)
            if not unused:
                self._names.append(name)
                self._after += cells.filled(wanted or [], name)
            return
        self.flush()
        if unused:
            self._lines.append(f"p += {wire.prefix} + {_length('p', wire.prefix)}")
            return
        self._lines.append(f"q = p + {wire.prefix}; p = q + {_length('p', wire.prefix)}")
        if wanted and len(wanted) == 1 and wanted[0][1].expression == "v":
            self._lines.append(f"{wanted[0][0]} = s[q:p]")
        else:
            target = name if wanted is None else "v"
            self._lines.append(f"{target} = s[q:p]")
            self._lines += cells.filled(wanted or [], target)

    def _differing(self, column: int, image: Image, wanted: cells.Cells) -> None:
        prefix = self._stored[column].wire.prefix
        self.add(f"q = p + {prefix}; p = q + {_length('p', prefix)}")
        if wanted:
            self._borrowed(f"old[{image.old.index(column)}]", wanted, change="patched(v, s[q:p])")

    def _borrowed(self, old: str, wanted: cells.Cells, change: str = "") -> None:
        """Fill cells from the old image; a document that is not there cannot be changed."""
        if not wanted:
            return
        self.add(f"v = {old}", "if v is None:")
        missing = cells.unavailable(wanted) if change else cells.null(wanted)
        self.add(*(f"    {line}" for line in missing), "else:")
        lines = [f"v = {change}"] if change else []
        self.add(*(f"    {line}" for line in [*lines, *cells.filled(wanted, "v")]))


def _length(at: str, prefix: int) -> str:
    """Return the expression of a length of one to four octets."""
    if prefix == 4:
        return f"INT32(b, {at})[0]"
    parts = [f"b[{at}+{n}] << {8 * n}" if n else f"b[{at}]" for n in range(prefix)]
    return f"({' | '.join(parts)})"


class ShapeReaders:
    """The readers of one shape, by the bitmap of NULLs (and of differences) that each row starts with."""

    def __init__(self, layout: RowLayout, shape: Shape) -> None:
        width = len(layout.stored)
        self.layout, self.shape = layout, shape
        self._before = columns_in(shape.before, width)
        self._after = columns_in(shape.after, width)
        self.before_octets, self.after_octets = (len(self._before) + 7) // 8, (len(self._after) + 7) // 8
        known = frozenset(self._after)
        missing = tuple(column for column in self._before if column not in known) if self._after else ()
        self._borrowed = missing
        self._json = [at for at, column in enumerate(layout.stored) if column.json]
        self.bits_octets = (len(self._json) + 7) // 8
        self.plain = not missing and not shape.partial
        """Whether new images stand on their own."""
        self.old_skips: dict[bytes, Read] = {}
        self.new_skips: dict[bytes, Read] = {}
        """What `skip` has made so far."""
        self._readers: dict[tuple[ImageTemplate, bool], dict[bytes, Read]] = {}
        self._changes: dict[tuple[ImageTemplate, bytes, bytes], Read] = {}
        self._old: dict[tuple[bytes, tuple[int, ...]], Read] = {}
        self._values: dict[tuple[int, bytes, bool], Read | None] = {}

    def skip(self, nulls: bytes, *, new: bool) -> Read:
        """Return the function that moves over the values of an image."""
        skips = self.new_skips if new else self.old_skips
        found = skips.get(nulls)
        if found is None:
            found = skips[nulls] = self.layout.compile_skip(self._image(nulls, new=new))
        return found

    def known(self, template: ImageTemplate, *, new: bool) -> dict[bytes, Read]:
        """Return the readers of whole images that `reader` has made so far, by their NULLs."""
        key = template, new
        return self._readers.get(key) or self._readers.setdefault(key, {})

    def reader(self, template: ImageTemplate, nulls: bytes, *, new: bool) -> Read:
        """Return the reader of an image that stands on its own."""
        known = self.known(template, new=new)
        found = known.get(nulls)
        if found is None:
            found = known[nulls] = self.layout.compile(self._image(nulls, new=new), template)
        return found

    def changed_reader(self, template: ImageTemplate, nulls: bytes, bits: bytes) -> Read:
        """Return the reader of a new image that says only what has changed."""
        key = template, nulls, bits
        found = self._changes.get(key)
        if found is None:
            image = self._image(nulls, bits, new=True)
            found = self._changes[key] = self.layout.compile(image, template)
        return found

    def old_values(self, nulls: bytes, new_nulls: bytes, bits: bytes) -> Read:
        """Return the reader of what a new image needs of the old one with these NULLs."""
        columns = self._image(new_nulls, bits, new=True).old
        found = self._old.get((nulls, columns))
        if found is None:
            image = self._image(nulls, new=False)
            found = self._old[nulls, columns] = self.layout.compile_values(image, columns)
        return found

    def value(self, column: int, nulls: bytes, *, new: bool) -> Read | None:
        """Return the reader of one column as it is stored; None for an image without it."""
        key = (column, nulls, new)
        if key not in self._values:
            image = self._image(nulls, new=new)
            there = column in image.present
            self._values[key] = self.layout.compile_values(image, (column,)) if there else None
        return self._values[key]

    def _image(self, nulls: bytes, bits: bytes = b"", *, new: bool) -> Image:
        present = self._after if new else self._before
        absent = frozenset(_marked(present, nulls))
        differing = frozenset(_marked(self._json, bits)) - absent if bits else frozenset[int]()
        return Image(present, absent, self._borrowed if new else (), differing & frozenset(present))


def _marked(columns: Sequence[int], bitmap: bytes) -> Iterable[int]:
    return (column for at, column in enumerate(columns) if bitmap[at >> 3] >> (at & 7) & 1)
