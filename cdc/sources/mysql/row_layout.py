"""Row images of row events, read by generated code: one reader for each set of present columns and of NULLs.

So readers have no branches, and neighbours of fixed width are one `struct.unpack_from`; `null_patterns` says
where that ends. An image is a null bitmap over its present columns, then the values that are not NULL
(https://dev.mysql.com/doc/dev/mysql-server/latest/classmysql_1_1binlog_1_1event_1_1Rows__event.html).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

from cdc.batch import ImageTemplate
from cdc.relational import cells
from cdc.sources.mysql.binlog.events import ColumnMap, Shape
from cdc.sources.mysql.null_patterns import ReadersByNulls, marked
from cdc.sources.mysql.row_code import Code, Image, StoredColumn
from cdc.sources.mysql.row_places import Find, PlacedImage, Places, compile_places
from cdc.sources.mysql.shared_readers import Read, identity, plan, shared
from schemas.definition import ColumnDefinition
from schemas.table import Table

_MOST = 1000
"""How many sets of present columns, and of differences, are remembered: a new one takes the oldest place."""

_K = TypeVar("_K", bound=Hashable)
_V = TypeVar("_V")


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
    nullable: frozenset[int] = field(init=False)
    _stored: object = field(init=False)
    _keys: frozenset[str] = field(init=False)
    _plans: dict[ImageTemplate, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.nullable = frozenset(at for at, column in enumerate(self.stored) if column.nullable)
        self._stored = identity(tuple(self.stored))
        self._keys = frozenset(column.name for column in self.table.key)

    def readers(self, shape: Shape) -> ShapeReaders:
        """Return the readers of a shape."""
        return self._shapes.get(shape) or _kept(self._shapes, shape, lambda: ShapeReaders(self, shape))

    def compile(self, image: Image, template: ImageTemplate, *, new: bool) -> Read:
        """Return the reader of a new or an old image by a template.

        (bytes, their latin-1 text, position of the first value[, values of the old image])
        → (old row, new row, key), of which one row is absent.
        """
        key = self._stored, image, self._plan(template), new
        return shared(key, lambda: self._compile(image, template, new=new))

    def _compile(self, image: Image, template: ImageTemplate, *, new: bool) -> Read:
        code = Code(self.stored, image)
        for column in code.walk():
            code.column(column, self._cells(template, column))
        row, key = cells.row(template, self.table), cells.key(template, self.table)
        code.add(f"return {f'absent, {row}' if new else f'{row}, absent'}, {key}")
        absent = template.row.absent if template.row is not None else None
        return code.compiled("b, s, p, old=None", {**template.scope, "absent": absent})

    def compile_update(self, image: Image, template: ImageTemplate) -> Read:
        """Return the reader of an old image and of the new one behind it, which is laid out alike.

        (bytes, their latin-1 text, position of the first old value) → (old row, new row, new key).
        """
        key = self._stored, image, self._plan(template), None
        return shared(key, lambda: self._compile_update(image, template))

    def _compile_update(self, image: Image, template: ImageTemplate) -> Read:
        code = Code(self.stored, image)
        old = replace(template, key=None)
        for column in code.walk():
            code.column(column, self._cells(old, column))
        code.flush()
        code.add(f"p += {(len(image.present) + 7) // 8}")
        for column in code.walk():
            before = self._cells(old, column)
            wanted = [(name.replace("r", "n"), cell) for name, cell in self._cells(template, column)]
            code.again(column, wanted, before)
        rows = cells.row(template, self.table), cells.row(template, self.table, "n")
        code.add(f"return {', '.join(rows)}, {cells.key(template, self.table)}")
        return code.compiled("b, s, p", template.scope)

    def compile_values(self, image: Image, columns: Sequence[int]) -> Read:
        """Return the reader of some columns' values as they are stored, None for NULL."""
        code = Code(self.stored, image)
        for column in code.walk():
            if column in columns:
                code.raw(column)
            else:
                code.column(column, [])
        code.add(f"return ({''.join(f'w{column}, ' for column in columns)})")
        return code.compiled("b, s, p", {})

    def key_columns(self, columns: Sequence[int]) -> tuple[int, ...]:
        """Return which of some columns are part of the record's key."""
        return tuple(column for column in columns if self.stored[column].field in self._keys)

    def compile_places(
        self, before: PlacedImage | None, after: PlacedImage | None, partial: int | None
    ) -> Find:
        """Return the function that finds the images of an event; see `row_places`."""
        key = self._stored, before, after, partial
        return shared(key, lambda: compile_places(self.stored, before, after, partial))

    def _plan(self, template: ImageTemplate) -> object:
        found = self._plans.get(template)
        if found is None:
            found = self._plans[template] = plan(template, self.table)
        return found

    def _cells(self, template: ImageTemplate, column: int) -> cells.Cells:
        return cells.cells_of(template, self.table, self.stored[column].field)


@dataclass(frozen=True, slots=True)
class ImageReaders:
    """The readers of whole images by one template.

    update: of both images at once, where they are `alike` and have the same NULLs.
    """

    old: ReadersByNulls
    new: ReadersByNulls
    update: ReadersByNulls


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
        self._find = self._places(layout.nullable)
        self._images: dict[ImageTemplate, ImageReaders] = {}
        self._changes: dict[tuple[ImageTemplate, bytes], ReadersByNulls] = {}
        self._old: dict[bytes, ReadersByNulls] = {}
        self._values: dict[tuple[int, bool], ReadersByNulls] = {}

    def places(self, data: bytes, start: int, stop: int) -> Places:
        """Return where the images of an event are."""
        found = self._find(data, start, stop)
        if found is None:
            # What a row says counts more than that the table map has its column NOT NULL.
            found = self._places(frozenset(range(len(self.layout.stored))))(data, start, stop)
            assert found is not None
        return found

    def images(self, template: ImageTemplate) -> ImageReaders:
        """Return the readers of images that stand on their own."""
        return self._images.get(template) or self._images.setdefault(template, self._make_images(template))

    def changed(self, template: ImageTemplate, bits: bytes) -> ReadersByNulls:
        """Return the readers of new images that say only what has changed, with these differences."""

        def make(image: Image) -> Read:
            return self.layout.compile(image, template, new=True)

        return _kept(self._changes, (template, bits), lambda: self._readers(make, bits, new=True))

    def old_values(self, bits: bytes) -> ReadersByNulls:
        """Return the readers of what such a new image needs of the old one."""
        columns = self._image(bits, new=True).old
        return _kept(self._old, bits, lambda: self._value_readers(columns, new=False))

    def values(self, column: int, *, new: bool) -> ReadersByNulls | None:
        """Return the readers of one column as it is stored; None for images without it."""
        if column not in (self._after if new else self._before):
            return None
        return _kept(self._values, (column, new), lambda: self._value_readers((column,), new=new))

    def _places(self, nullable: frozenset[int]) -> Find:
        key = self.layout.key_columns(self._after) if self.shape.op == "u" else ()
        before, after = (
            PlacedImage(present, nullable.intersection(present), key) if bitmap is not None else None
            for present, bitmap in ((self._before, self.shape.before), (self._after, self.shape.after))
        )
        return self.layout.compile_places(before, after, self.bits_octets if self.shape.partial else None)

    def _make_images(self, template: ImageTemplate) -> ImageReaders:
        def one(image: Image, *, new: bool) -> Read:
            return self.layout.compile(image, template, new=new)

        def both(image: Image) -> Read:
            return self.layout.compile_update(image, template)

        return ImageReaders(
            self._readers(partial(one, new=False), new=False),
            self._readers(partial(one, new=True), new=True),
            self._readers(both, new=True),
        )

    def _value_readers(self, columns: Sequence[int], *, new: bool) -> ReadersByNulls:
        return self._readers(lambda image: self.layout.compile_values(image, columns), new=new)

    def _readers(self, make: Callable[[Image], Read], bits: bytes = b"", *, new: bool) -> ReadersByNulls:
        return ReadersByNulls(self._image(bits, new=new), self.layout.nullable, make)

    def _image(self, bits: bytes = b"", *, new: bool) -> Image:
        """Return the new or the old image without NULLs."""
        present = self._after if new else self._before
        differing = frozenset(marked(self._json, bits)) if bits else frozenset[int]()
        borrowed = self._borrowed if new else ()
        return Image(present, frozenset(), borrowed, differing.intersection(present))


def _kept(cache: dict[_K, _V], key: _K, make: Callable[[], _V]) -> _V:
    """Return what a cache has, or make it."""
    found = cache.get(key)
    if found is None:
        if len(cache) >= _MOST:
            del cache[next(iter(cache))]
        found = cache[key] = make()
    return found
