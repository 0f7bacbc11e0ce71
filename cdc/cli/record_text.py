"""Bytes of a record as JSON text: JSON stays as it is, other text becomes a string."""

from __future__ import annotations

import base64
import json
from typing import Any

import orjson

_PAYLOAD = b',"payload":'


def shown(data: bytes | None, *, schemas: bool) -> str:
    """Return a key or value; `{"schema":…,"payload":…}` is reduced to its payload unless `schemas`."""
    if data is None:
        return "null"
    try:
        parsed = orjson.loads(data)
    except orjson.JSONDecodeError:
        return document(data)
    if not schemas and isinstance(parsed, dict) and parsed.keys() == {"schema", "payload"}:
        return _payload(data, parsed["payload"])
    return data.decode()


def _payload(data: bytes, parsed: Any) -> str:
    """Return the payload's own text, so that numbers keep their digits."""
    at = data.find(_PAYLOAD)
    while at >= 0:
        text = data[at + len(_PAYLOAD) : -1]
        try:
            if orjson.loads(text) == parsed:
                return text.decode()
        except orjson.JSONDecodeError:
            pass
        at = data.find(_PAYLOAD, at + 1)
    return orjson.dumps(parsed).decode()


def document(data: bytes | None) -> str:
    """Return text as a JSON string; what is no text as `{"base64":…}`."""
    if data is None:
        return "null"
    try:
        return json.dumps(data.decode(), ensure_ascii=False)
    except UnicodeDecodeError:
        return json.dumps({"base64": base64.b64encode(data).decode()})
