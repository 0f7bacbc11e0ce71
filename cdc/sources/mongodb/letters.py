"""What there is of an event that is set aside, as text."""

from __future__ import annotations

import json
from base64 import b64encode

from cdc.sources.mongodb import ejson

_write = ejson.writer(ejson.UPDATED_FIELDS)


def letter_text(data: bytes) -> str:
    """Return a document as relaxed Extended JSON; what that cannot hold as its bytes, in base64."""
    try:
        return _write(data)
    except ejson.BrokenDocument:
        binary = {"base64": b64encode(data).decode(), "subType": "00"}
        return json.dumps({"$binary": binary})
