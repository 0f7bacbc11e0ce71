"""`field.exclude.list` and `field.renames`, on BSON: documents are cut, never decoded.

Paths are dotted, `<database>.<collection>.<field>[.<field>…]`, with `*` as a wildcard in the first two
parts. A path goes through arrays of documents, but not through arrays of arrays. What is renamed moves
to the end of its document (Debezium's FieldSelector).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from cdc.errors import UnsupportedValue
from cdc.filters import java_regex
from cdc.sources.mongodb.elements import ARRAY, DOCUMENT, Element, document, elements, named, rewritten


@dataclass(frozen=True, slots=True)
class FieldPath:
    """One entry of the options; `new_name` is empty where the field is left out."""

    namespace: re.Pattern[str]
    nodes: tuple[str, ...]
    new_name: str = ""

    @classmethod
    def parse(cls, entry: str, new_name: str = "") -> FieldPath:
        """Read an entry; raises ValueError when it is not of the form."""
        parts = entry.strip().split(".")
        if len(parts) < 3 or not all(parts):
            raise ValueError(f"Invalid format: {entry}; expected <database>.<collection>.<field>")
        namespace = rf"{parts[0]}\.{parts[1]}".replace("*", ".*")
        return cls(java_regex(namespace, re.IGNORECASE), tuple(parts[2:]), new_name)

    @property
    def name(self) -> str:
        """Return the dotted name within a document."""
        return ".".join(self.nodes)


def parse_exclusions(text: str) -> tuple[FieldPath, ...]:
    """Return the paths of `field.exclude.list`; raises ValueError."""
    return tuple(FieldPath.parse(entry) for entry in text.split(",") if entry.strip())


def parse_renames(text: str) -> tuple[FieldPath, ...]:
    """Return the paths of `field.renames`, `<path>:<new name>`; raises ValueError."""
    found = []
    for entry in filter(str.strip, text.split(",")):
        path, _, new_name = entry.strip().partition(":")
        if not new_name or ":" in new_name:
            raise ValueError(f"Invalid format: {entry}; expected <database>.<collection>.<field>:<new name>")
        found.append(FieldPath.parse(path, new_name))
    return tuple(found)


class FieldClash(UnsupportedValue):
    """A field cannot get its new name: there is one of that name already."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"Document already contains field : {name}", hint="choose another name in field.renames"
        )


class FieldEdits:
    """The edits of one collection, in the order of the options: exclusions first."""

    def __init__(self, paths: Sequence[FieldPath]) -> None:
        self._edits = [_Edit(path) for path in paths]

    @classmethod
    def of(cls, paths: Sequence[FieldPath], namespace: str) -> FieldEdits | None:
        """Return the edits of a collection, `<database>.<collection>`; None where there are none."""
        found = [path for path in paths if path.namespace.fullmatch(namespace)]
        return cls(found) if found else None

    def document(self, data: bytes) -> bytes:
        """Return a document (`before`, `after`) edited; raises FieldClash."""
        for edit in self._edits:
            data = edit.document(data, 0)
        return data

    def updated_fields(self, data: bytes) -> bytes:
        """Return `updatedFields`, whose names are dotted paths, edited; raises FieldClash."""
        for edit in self._edits:
            data = edit.updated_fields(data)
        return data

    def name(self, name: str) -> str | None:
        """Return a name of `removedFields` or `truncatedArrays` edited; None where it is left out."""
        found: str | None = name
        for edit in self._edits:
            found = found and edit.path_name(found)
        return found


def without_indices(name: str) -> list[str]:
    """Return the fields of a dotted path; all of it where indices follow each other.

    Fields within arrays of arrays cannot be named.
    """
    nodes = name.split(".")
    numeric = [node.isdecimal() for node in nodes]
    if len(nodes) < 2 or any(map(all, pairwise(numeric))):
        return nodes
    return [node for node, is_index in zip(nodes, numeric, strict=True) if not is_index]


class _Edit:
    """One path, applied."""

    def __init__(self, path: FieldPath) -> None:
        self._path = path
        self._nodes = tuple(node.encode() for node in path.nodes)
        self._marks = tuple(node + b"\0" for node in self._nodes)
        self._new_name = path.new_name.encode()

    def document(self, data: bytes, depth: int) -> bytes:
        """Edit the field that the path names from `depth` on, in a document."""
        if self._marks[depth] not in data:
            return data
        node, last = self._nodes[depth], depth + 1 == len(self._nodes)
        kept, moved = [], []
        for element in elements(data):
            if element.name != node:
                kept.append(data[element.start : element.stop])
            elif not last:
                kept.append(self._inside(element, data, depth + 1))
            elif self._new_name:
                moved.append(named(element, data, self._new_name))
        return _joined(kept, moved)

    def _inside(self, element: Element, data: bytes, depth: int) -> bytes:
        """Edit a value on the way: a document, or the documents of an array."""
        if element.kind == DOCUMENT:
            return rewritten(element, data, lambda inner: self.document(inner, depth))
        if element.kind == ARRAY:
            return rewritten(element, data, lambda inner: self._array(inner, depth))
        return data[element.start : element.stop]

    def _array(self, data: bytes, depth: int) -> bytes:
        return document(
            rewritten(item, data, lambda inner: self.document(inner, depth))
            if item.kind == DOCUMENT
            else data[item.start : item.stop]
            for item in elements(data)
        )

    def updated_fields(self, data: bytes) -> bytes:
        """Edit a document whose names are dotted paths."""
        kept, moved = [], []
        for element in elements(data):
            name = element.name.decode()
            nodes = without_indices(name)
            if self._below(nodes):
                if self._new_name:
                    moved.append(named(element, data, self._renamed(name).encode()))
            elif tuple(nodes) == self._path.nodes[: len(nodes)]:
                kept.append(self._inside(element, data, len(nodes)))
            else:
                kept.append(data[element.start : element.stop])
        return _joined(kept, moved)

    def path_name(self, name: str) -> str | None:
        """Edit a dotted path; None: it is left out."""
        if not self._below(without_indices(name)):
            return name
        return self._renamed(name) if self._new_name else None

    def _below(self, nodes: list[str]) -> bool:
        """Whether a path is that of the field, or leads into it."""
        return tuple(nodes[: len(self._nodes)]) == self._path.nodes

    def _renamed(self, name: str) -> str:
        """Return a dotted path with the field's new name; indices do not count."""
        place, nodes = -1, name.split(".")
        for index, node in enumerate(nodes):
            place += not node.isdecimal()
            if place == len(self._nodes) - 1:
                nodes[index] = self._path.new_name
                break
        return ".".join(nodes)


def _joined(kept: list[bytes], moved: list[bytes]) -> bytes:
    """Return the document of what stays and, behind it, what got a new name."""
    taken = {piece[1 : piece.index(0, 1)] for piece in kept} if moved else set()
    for piece in moved:
        if (name := piece[1 : piece.index(0, 1)]) in taken:
            raise FieldClash(name.decode())
    return document([*kept, *moved])
