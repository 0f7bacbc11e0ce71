"""Partial updates of JSON documents (`binlog_row_value_options=PARTIAL_JSON`).

A column's new value is a list of differences to its old one
(https://dev.mysql.com/doc/dev/mysql-server/latest/classJson__diff.html): an operation, a path and, but for
REMOVE, a document.
"""

from __future__ import annotations

import json
import re

from cdc.sources.mysql.binlog.integers import packed
from cdc.sources.mysql.types.json_document import DocumentText, Node, node_text, parse

REPLACE, INSERT, REMOVE = 0, 1, 2

_LEG = re.compile(r'\.(?:"((?:[^"\\]|\\.)*)"|([^.\["]+))|\[(?:last(?:-(\d+))?|(\d+))\]', re.DOTALL)

Leg = str | int
"""A member's key in the latin-1 view, or an index; one below zero counts from the end."""


def patched(old: str, differences: str) -> DocumentText:
    """Return the document `old` (binary JSON) after the differences; both are latin-1 views."""
    root: list[Node] = [parse(old)]
    data, at = differences.encode("latin-1"), 0
    while at < len(data):
        operation = data[at]
        length, at = packed(data, at + 1)
        path = legs(differences[at : at + length])
        at += length
        value: Node = "null"
        if operation != REMOVE:
            length, at = packed(data, at)
            value = parse(differences[at : at + length])
            at += length
        _apply(root, [0, *path], operation, value)
    return DocumentText(node_text(root[0]))


def legs(path: str) -> list[Leg]:
    """Return the legs of `$.a."b c"[3]`; raises ValueError for any other path."""
    found: list[Leg] = []
    at = 1
    while at < len(path):
        leg = _LEG.match(path, at)
        if leg is None:
            raise ValueError(f"{path!r} is not a path of a JSON difference")
        quoted, plain, from_end, index = leg.groups()
        if quoted is not None:
            found.append(json.loads(f'"{quoted}"', strict=False))
        elif plain is not None:
            found.append(plain)
        else:
            found.append(int(index) if index is not None else -1 - int(from_end or 0))
        at = leg.end()
    return found


def _apply(root: list[Node], path: list[Leg], operation: int, value: Node) -> None:
    *ways, last = path
    parent: Node = root
    for leg in ways:
        parent = _child(parent, leg)
    if isinstance(parent, dict):
        _change_object(parent, str(last), operation, value)
    elif isinstance(parent, list):
        at = int(last)
        if operation == REMOVE:
            del parent[at]
        elif operation == INSERT:
            parent.insert(at, value)
        else:
            parent[at] = value
    else:
        raise ValueError("a JSON difference leads through a scalar")


def _child(parent: Node, leg: Leg) -> Node:
    if isinstance(parent, dict):
        return parent[str(leg)]
    # A scalar is the only cell of an array around it.
    return parent[int(leg)] if isinstance(parent, list) else parent


def _change_object(members: dict[str, Node], key: str, operation: int, value: Node) -> None:
    if operation == REMOVE:
        del members[key]
        return
    known = key in members
    members[key] = value
    if not known:
        # The server keeps keys by length, then by octets.
        ordered = sorted(members.items(), key=lambda pair: (len(pair[0]), pair[0]))
        members.clear()
        members.update(ordered)
