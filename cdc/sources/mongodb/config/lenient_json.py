"""JSON in options, as the Java driver reads it: names and strings quoted or not, the shell's constructors."""

from __future__ import annotations

import json
import re
from typing import Any

_TOKEN = re.compile(
    r"""(?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
    r"""|(?P<call>(?:new\s+)?(?P<type>ObjectId|ISODate|NumberLong|NumberInt|NumberDecimal|UUID)\s*\(\s*"""
    r"""(?P<argument>[^)]*?)\s*\))"""
    r"""|(?P<word>[A-Za-z_$][\w$.]*)(?=\s*:)"""
    r"""|(?P<rest>[^"'A-Za-z_$]+|[A-Za-z_$][\w$.]*)""",
    re.DOTALL,
)
_TYPES = {
    "ObjectId": "$oid",
    "ISODate": "$date",
    "NumberLong": "$numberLong",
    "NumberInt": "$numberInt",
    "NumberDecimal": "$numberDecimal",
    "UUID": "$uuid",
}


def parse(text: str) -> Any:
    """Return what the text says, as parsed Extended JSON; raises ValueError.

    A backslash that JSON does not know stands for itself, as in mongo-kafka.
    """
    for attempt in (text, text.replace("\\", "\\\\")):
        try:
            return json.loads(_strict(attempt))
        except ValueError as error:
            reason = error
    raise ValueError(f"it is no JSON: {reason}")


def for_driver(value: Any) -> Any:
    """Return parsed Extended JSON with the values that it stands for."""
    from bson import json_util

    return json_util.loads(json.dumps(value))


def _strict(text: str) -> str:
    """Return the text as JSON proper."""
    parts, at = [], 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise ValueError(f"unexpected {text[at]!r} at {at}")
        parts.append(_written(found))
        at = found.end()
    return "".join(parts)


def _written(token: re.Match[str]) -> str:
    if token["string"]:
        return _double_quoted(token["string"])
    if token["call"]:
        argument = token["argument"]
        value = _double_quoted(argument) if argument[:1] in "\"'" else json.dumps(argument)
        return f'{{"{_TYPES[token["type"]]}": {value}}}'
    return json.dumps(token["word"]) if token["word"] else token["rest"]


def _double_quoted(text: str) -> str:
    if text.startswith('"') or not text:
        return text or '""'
    inside = re.sub(r'\\.|"', lambda found: {'"': '\\"', "\\'": "'"}.get(found[0], found[0]), text[1:-1])
    return f'"{inside}"'
