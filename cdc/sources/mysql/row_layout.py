"""Row images of row events, read by generated code: one reader for each set of present columns and of NULLs.

So readers have no branches, and neighbours of fixed width are one `struct.unpack_from`. An image is a
null bitmap over its present columns, then the values that are not NULL
(https://dev.mysql.com/doc/dev/mysql-server/latest/classmysql_1_1binlog_1_1event_1_1Rows__event.html).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from cdc.batch import ImageTemplate
from cdc.relational import cells
from cdc.sources.mysql.binlog.events import ColumnMap, Shape
from cdc.sources.mysql.row_code import Code, Image, StoredColumn
from cdc.sources.mysql.shared_readers import Read, identity, plan, shared
from schemas.definition import ColumnDefinition
from schemas.table import Table


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
    _keys: frozenset[str] = field(init=False)
    _plans: dict[ImageTemplate, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._stored = identity(tuple(self.stored))
        self._keys = frozenset(column.name for column in self.table.key)

    def readers(self, shape: Shape) -> ShapeReaders:
        """Return the readers of a shape."""
        found = self._shapes.get(shape)
        if found is None:
            found = self._shapes[shape] = ShapeReaders(self, shape)
        return found

    def compile(self, image: Image, template: ImageTemplate) -> Read:
        """Return the reader of an image by a template.

        (bytes, their latin-1 text, position of the first value[, values of the old image]) → (row, key).
        """
        return shared((self._stored, image, self._plan(template)), lambda: self._compile(image, template))

    def _compile(self, image: Image, template: ImageTemplate) -> Read:
        code = Code(self.stored)
        for column in code.walk(image):
            code.column(column, image, self._cells(template, column))
        code.add(f"return {cells.result(template, self.table)}")
        return code.compiled("b, s, p, old=None", template.scope)

    def compile_update(self, image: Image, template: ImageTemplate) -> Read:
        """Return the reader of an old image and of the new one behind it, which is laid out alike.

        (bytes, their latin-1 text, position of the first old value) → (old row, new row, new key).
        """
        key = self._stored, image, self._plan(template), "update"
        return shared(key, lambda: self._compile_update(image, template))

    def _compile_update(self, image: Image, template: ImageTemplate) -> Read:
        code = Code(self.stored)
        old = replace(template, key=None)
        for column in code.walk(image):
            code.column(column, image, self._cells(old, column))
        code.flush()
        code.add(f"p += {(len(image.present) + 7) // 8}")
        for column in code.walk(image):
            before = self._cells(old, column)
            wanted = [(name.replace("r", "n"), cell) for name, cell in self._cells(template, column)]
            code.again(column, image, wanted, before)
        row, key, columns = template.row, template.key, self.table.columns
        rows = cells.build(row, columns, "r"), cells.build(row, columns, "n")
        code.add(f"return {', '.join(rows)}, {cells.build(key, self.table.key, 'k')}")
        return code.compiled("b, s, p", template.scope)

    def compile_values(self, image: Image, columns: Sequence[int]) -> Read:
        """Return the reader of some columns' values as they are stored, None for NULL."""
        code = Code(self.stored)
        for column in code.walk(image):
            if column in columns:
                code.raw(column, image)
            else:
                code.column(column, image, [])
        code.add(f"return ({''.join(f'w{column}, ' for column in columns)})")
        return code.compiled("b, s, p", {})

    def key_columns(self, columns: Sequence[int]) -> tuple[int, ...]:
        """Return which of some columns are part of the record's key."""
        return tuple(column for column in columns if self.stored[column].field in self._keys)

    def compile_skip(self, image: Image) -> Read:
        """Return the function from the position of the first value to that behind the last one."""
        return shared((self._stored, image), lambda: self._compile_skip(image, None))

    def compile_keyed_skip(self, image: Image, key: tuple[int, ...]) -> Read:
        """Return the same function, which gives the values of the key's columns too, as they are stored."""
        return shared((self._stored, image, key), lambda: self._compile_skip(image, key))

    def _compile_skip(self, image: Image, key: tuple[int, ...] | None) -> Read:
        code = Code(self.stored, view="b")
        for column in code.walk(image):
            if key and column in key:
                code.raw(column, image)
            else:
                code.column(column, image, [])
        values = "".join(f"w{column}, " for column in key or ())
        code.add("return p" if key is None else f"return p, ({values})")
        return code.compiled("b, p", {})

    def _plan(self, template: ImageTemplate) -> object:
        found = self._plans.get(template)
        if found is None:
            found = self._plans[template] = plan(template, self.table)
        return found

    def _cells(self, template: ImageTemplate, column: int) -> cells.Cells:
        return cells.cells_of(template, self.table, self.stored[column].field)


@dataclass(slots=True)
class ImageReaders:
    """The readers of whole images by one template that there are so far, by the bitmap of NULLs.

    update: of both images at once, where they have the same NULLs.
    """

    old: dict[bytes, Read] = field(default_factory=dict)
    new: dict[bytes, Read] = field(default_factory=dict)
    update: dict[bytes, Read] = field(default_factory=dict)


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
        self.alike = self.plain and self._before == self._after
        """Whether old and new images have the same columns."""
        self.empty = not self._before and not self._after
        self._key = layout.key_columns(self._after)
        self.old_skips: dict[bytes, Read] = {}
        self.new_skips: dict[bytes, Read] = {}
        """What `skip` has made so far."""
        self._known: dict[ImageTemplate, ImageReaders] = {}
        self._changes: dict[tuple[ImageTemplate, bytes, bytes], Read] = {}
        self._old: dict[tuple[bytes, tuple[int, ...]], Read] = {}
        self._values: dict[tuple[int, bytes, bool], Read | None] = {}

    def skip(self, nulls: bytes, *, new: bool) -> Read:
        """Return the function that moves over the values of an image; of updates it gives the key too.

        That is to compare: a column that the new image lacks has not changed.
        """
        skips = self.new_skips if new else self.old_skips
        found = skips.get(nulls)
        if found is None:
            image, layout = self._image(nulls, new=new), self.layout
            updates = self.shape.op == "u"
            found = layout.compile_keyed_skip(image, self._key) if updates else layout.compile_skip(image)
            skips[nulls] = found
        return found

    def known(self, template: ImageTemplate) -> ImageReaders:
        """Return the readers that `reader` and `update_reader` have made so far."""
        return self._known.get(template) or self._known.setdefault(template, ImageReaders())

    def reader(self, template: ImageTemplate, nulls: bytes, *, new: bool) -> Read:
        """Return the reader of an image that stands on its own."""
        readers = self.known(template)
        known = readers.new if new else readers.old
        found = known.get(nulls)
        if found is None:
            found = known[nulls] = self.layout.compile(self._image(nulls, new=new), template)
        return found

    def update_reader(self, template: ImageTemplate, nulls: bytes) -> Read:
        """Return the reader of both images of an update that are `alike` and have the same NULLs."""
        known = self.known(template).update
        found = known.get(nulls)
        if found is None:
            found = known[nulls] = self.layout.compile_update(self._image(nulls, new=True), template)
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
