"""Read a java.util.HashMap<byte[], byte[]> as Java's serialization writes it, and nothing else.

Grammar: Java Object Serialization Specification, chapter 6.
"""

from __future__ import annotations

from collections.abc import Iterator

MAGIC = b"\xac\xed\x00\x05"
_NULL, _REFERENCE, _CLASS, _OBJECT, _ARRAY, _BLOCK, _END = 0x70, 0x71, 0x72, 0x73, 0x75, 0x77, 0x78
_FIRST_HANDLE = 0x7E0000


def parse(data: bytes) -> list[tuple[bytes | None, bytes | None]]:
    """Return the entries; raises ValueError for any other object."""
    try:
        return list(_Stream(data).entries())
    except IndexError:
        raise ValueError("the stream ends early") from None


class _Stream:
    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0
        self._handles: list[object] = []

    def entries(self) -> Iterator[tuple[bytes | None, bytes | None]]:
        self._expect(self._take(4), MAGIC)
        self._expect(self._byte(), _OBJECT)
        self._expect(self._class(), b"java.util.HashMap")
        self._handles.append(None)
        self._take(8)  # loadFactor and threshold
        self._expect(self._byte(), _BLOCK)
        self._expect(self._byte(), 8)
        self._number(4)  # capacity
        for _ in range(self._number(4)):
            yield self._array(), self._array()
        self._expect(self._byte(), _END)

    def _array(self) -> bytes | None:
        mark = self._byte()
        if mark == _NULL:
            return None
        if mark == _REFERENCE:
            found = self._handles[self._number(4) - _FIRST_HANDLE]
            if not isinstance(found, bytes):
                raise ValueError("not an array of bytes")
            return found
        self._expect(mark, _ARRAY)
        self._expect(self._class(), b"[B")
        place = len(self._handles)
        self._handles.append(None)
        value = self._take(self._number(4))
        self._handles[place] = value
        return value

    def _class(self) -> object:
        """Return the class's name; its fields are known from it, so they are skipped."""
        mark = self._byte()
        if mark == _REFERENCE:
            return self._handles[self._number(4) - _FIRST_HANDLE]
        self._expect(mark, _CLASS)
        name = self._take(self._number(2))
        self._take(9)  # serialVersionUID, flags
        self._handles.append(name)
        for _ in range(self._number(2)):
            if self._byte() in b"[L":
                raise ValueError(f"unexpected class {name!r}")
            self._take(self._number(2))
        self._expect(self._byte(), _END)
        self._expect(self._byte(), _NULL)  # no serialisable superclass
        return name

    def _byte(self) -> int:
        return self._number(1)

    def _number(self, size: int) -> int:
        return int.from_bytes(self._take(size), "big")

    def _take(self, size: int) -> bytes:
        self._at += size
        if self._at > len(self._data):
            raise ValueError("the stream ends early")
        return self._data[self._at - size : self._at]

    @staticmethod
    def _expect(found: object, wanted: object) -> None:
        if found != wanted:
            raise ValueError(f"expected {wanted!r}, found {found!r}")
