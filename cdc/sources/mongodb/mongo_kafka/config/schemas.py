"""The schemas of a change event, in Avro: mongo-kafka's defaults.

https://www.mongodb.com/docs/kafka-connector/current/source-connector/fundamentals/specify-schema/
"""

from __future__ import annotations

import json
from typing import Any


def _record(name: str, **fields: Any) -> dict[str, Any]:
    return {"type": "record", "name": name, "fields": [{"name": n, "type": t} for n, t in fields.items()]}


def _maybe(kind: Any) -> list[Any]:
    return [kind, "null"]


def _namespace(name: str) -> Any:
    return _maybe(_record(name, db="string", coll=_maybe("string")))


_TRUNCATED = _record("truncatedArray", field="string", newSize="int")
_UPDATE = _record(
    "updateDescription",
    updatedFields=_maybe("string"),
    removedFields=_maybe({"type": "array", "items": "string"}),
    truncatedArrays=_maybe({"type": "array", "items": _TRUNCATED}),
    disambiguatedPaths=_maybe("string"),
)

KEY_SCHEMA = json.dumps(_record("keySchema", _id="string"))
VALUE_SCHEMA = json.dumps(
    _record(
        "ChangeStream",
        _id="string",
        operationType=_maybe("string"),
        fullDocumentBeforeChange=_maybe("string"),
        fullDocument=_maybe("string"),
        ns=_namespace("ns"),
        to=_namespace("to"),
        documentKey=_maybe("string"),
        updateDescription=_maybe(_UPDATE),
        clusterTime=_maybe("string"),
        txnNumber=_maybe("long"),
        lsid=_maybe(_record("lsid", id="string", uid="string")),
    )
)
