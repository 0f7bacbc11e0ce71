"""Table maps: `Table_map_event` with its optional metadata.

https://dev.mysql.com/doc/dev/mysql-server/latest/classmysql_1_1binlog_1_1event_1_1Table__map__event.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from cdc.sources.mysql.binlog.events import ColumnMap, KeyPart, TableMap
from cdc.sources.mysql.binlog.failures import FAULTS, Malformed, UnreadableEvent, why
from cdc.sources.mysql.binlog.integers import packed, piece

FLOAT, DOUBLE, VARCHAR, BIT = 4, 5, 15, 16
TIMESTAMP2, DATETIME2, TIME2, TYPED_ARRAY = 17, 18, 19, 20
BLOB_COMPRESSED, VARCHAR_COMPRESSED, VECTOR = 140, 141, 242
JSON, NEWDECIMAL, ENUM, SET = 245, 246, 247, 248
BLOB, VAR_STRING, STRING, GEOMETRY = 252, 253, 254, 255

_NUMBERS = frozenset((1, 2, 3, 8, 9, 13, FLOAT, DOUBLE, 0, NEWDECIMAL))
_CHARACTERS = frozenset((VARCHAR, VAR_STRING, STRING, BLOB, BLOB_COMPRESSED, VARCHAR_COMPRESSED))
_ONE_BYTE = frozenset(
    (FLOAT, DOUBLE, BLOB, BLOB_COMPRESSED, GEOMETRY, JSON, VECTOR, TIMESTAMP2, DATETIME2, TIME2)
)
_TWO_BYTES_LITTLE = frozenset((VARCHAR, VARCHAR_COMPRESSED))
_KNOWN = frozenset((*range(15), 15, 16, 17, 18, 19, 140, 141, 242, *range(245, 256)))


def read_table_map(body: bytes, file: str, pos: int, *, mariadb: bool = False) -> TableMap:
    """Return the table map of an event body (behind the header, without checksum).

    file, pos: where it is, for the error of `TableMap.columns`. mariadb: who wrote it; to MariaDB geometries
    are text of the character set `binary`.
    """
    length = body[8]
    database = piece(body, 9, length).decode()
    at = 10 + length
    length = body[at]
    table = piece(body, at + 1, length).decode()
    width, at = packed(body, at + length + 2)
    if at + width > len(body):
        raise Malformed("it ends too early")

    def parse(found: TableMap) -> tuple[tuple[ColumnMap, ...], tuple[KeyPart, ...] | None]:
        try:
            return _columns(found, at, _CHARACTERS | {GEOMETRY} if mariadb else _CHARACTERS)
        except FAULTS as error:
            raise UnreadableEvent(file, pos, f"{database}.{table} TABLE_MAP (19)", why(error)) from error

    return TableMap(body, database, table, width, parse)


def _columns(
    table: TableMap, at: int, characters: frozenset[int]
) -> tuple[tuple[ColumnMap, ...], tuple[KeyPart, ...] | None]:
    body, width = table.body, table.width
    codes = piece(body, at, width)
    size, at = packed(body, at + width)
    types = list(_types(codes, piece(body, at, size)))
    at += size
    nullable = piece(body, at, (width + 7) // 8)
    extra = _Extra(types, characters)
    extra.read(body[at + len(nullable) :])
    columns = tuple(
        ColumnMap(
            code,
            metadata,
            bool(nullable[index >> 3] >> (index & 7) & 1),
            extra.unsigned.get(index),
            extra.collations.get(index),
            extra.names[index] if index < len(extra.names) else None,
            extra.members.get(index),
            extra.geometries.get(index),
            extra.visible.get(index, True),
            extra.dimensions.get(index),
        )
        for index, (code, metadata) in enumerate(types)
    )
    return columns, extra.primary_key


def _types(codes: bytes, metadata: bytes) -> Iterator[tuple[int, int]]:
    at = 0
    for code in codes:
        if code in _ONE_BYTE:
            yield code, metadata[at]
            at += 1
        elif code in _TWO_BYTES_LITTLE:
            yield code, metadata[at] | metadata[at + 1] << 8
            at += 2
        elif code == NEWDECIMAL:
            yield code, metadata[at] << 8 | metadata[at + 1]
            at += 2
        elif code == BIT:
            yield code, metadata[at] + metadata[at + 1] * 8
            at += 2
        elif code in (STRING, VAR_STRING, ENUM, SET):
            yield _string(metadata[at], metadata[at + 1])
            at += 2
        elif code in _KNOWN:
            yield code, 0
        else:
            raise Malformed(f"it has a column of the unknown type {code}")


def _string(first: int, second: int) -> tuple[int, int]:
    # CHAR over 255 bytes keeps two more bits of its length, inverted, in the type.
    if first & 0x30 != 0x30:
        return first | 0x30, second | ((first & 0x30) ^ 0x30) << 4
    return first, second


@dataclass(slots=True)
class _Extra:
    """The optional metadata (binlog_row_metadata), by column index.

    characters: the types that it gives character sets of.
    """

    types: Sequence[tuple[int, int]]
    characters: frozenset[int]
    unsigned: dict[int, bool] = field(default_factory=dict)
    collations: dict[int, int] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    members: dict[int, tuple[bytes, ...]] = field(default_factory=dict)
    geometries: dict[int, int] = field(default_factory=dict)
    visible: dict[int, bool] = field(default_factory=dict)
    dimensions: dict[int, int] = field(default_factory=dict)
    primary_key: tuple[KeyPart, ...] | None = None

    def read(self, data: bytes) -> None:
        """Read the type-length-value fields; those of later servers are passed over."""
        at = 0
        while at < len(data):
            code = data[at]
            size, at = packed(data, at + 1)
            self._field(code, piece(data, at, size))
            at += size

    def _field(self, code: int, value: bytes) -> None:
        match code:
            case 1:
                self.unsigned = _flags(value, self._where(_NUMBERS))
            case 2 | 3:
                self._character_sets(value, self._where(self.characters), listed=code == 3)
            case 10 | 11:
                self._character_sets(value, self._where(frozenset((ENUM, SET))), listed=code == 11)
            case 4:
                self.names = [name.decode() for name in _strings(value)]
            case 5 | 6:
                where = self._where(frozenset((SET if code == 5 else ENUM,)))
                self.members.update(zip(where, _lists(value), strict=False))
            case 7:
                self.geometries = dict(
                    zip(self._where(frozenset((GEOMETRY,))), _numbers(value), strict=False)
                )
            case 8:
                self.primary_key = tuple(KeyPart(column) for column in _numbers(value))
            case 9:
                found = list(_numbers(value))
                self.primary_key = tuple(map(KeyPart, found[::2], found[1::2]))
            case 12:
                self.visible = _flags(value, range(len(self.types)))
            case 13:
                self.dimensions = dict(zip(self._where(frozenset((VECTOR,))), _numbers(value), strict=False))

    def _where(self, codes: frozenset[int]) -> list[int]:
        return [index for index, (code, _) in enumerate(self.types) if code in codes]

    def _character_sets(self, value: bytes, where: Sequence[int], *, listed: bool) -> None:
        numbers = list(_numbers(value))
        if listed:
            self.collations.update(zip(where, numbers, strict=False))
            return
        others = dict(zip(numbers[1::2], numbers[2::2], strict=False))
        self.collations.update((column, others.get(n, numbers[0])) for n, column in enumerate(where))


def _flags(value: bytes, where: Sequence[int]) -> dict[int, bool]:
    if len(value) * 8 < len(where):
        raise Malformed("a bitmap of its metadata is too short")
    return {column: bool(value[n >> 3] << (n & 7) & 0x80) for n, column in enumerate(where)}


def _numbers(value: bytes) -> Iterator[int]:
    at = 0
    while at < len(value):
        number, at = packed(value, at)
        yield number


def _strings(value: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(value):
        size, at = packed(value, at)
        yield piece(value, at, size)
        at += size


def _lists(value: bytes) -> Iterator[tuple[bytes, ...]]:
    at = 0
    while at < len(value):
        count, at = packed(value, at)
        found = []
        for _ in range(count):
            size, at = packed(value, at)
            found.append(piece(value, at, size))
            at += size
        yield tuple(found)
