"""JsonConverter's records back into Connect values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from cdc.batch import Texts
from cdc.columns import Spliced, StructColumns
from cdc.errors import DecodeError
from cdc.formats.json import events
from cdc.formats.json.payload import LoadColumn, Loaders
from cdc.formats.json.schema import parse_schema
from schemas.connect import Schema, Type

PAYLOAD = b',"payload":'
SCHEMALESS: tuple[bytes, bytes] = (b"", b"")

Run = tuple[Schema | None, Sequence[Any]]


@dataclass(frozen=True, slots=True)
class _Load:
    """How parsed JSON becomes values of one schema: each, or those of structs by column."""

    each: Callable[[Any], Any]
    columns: Mapping[str, LoadColumn]

    @classmethod
    def of(cls, schema: Schema | None) -> _Load:
        return cls(Loaders().of(schema), Loaders().columns(schema))


@dataclass(frozen=True, slots=True)
class _Loads:
    """How payloads of one schema are read: the whole of one, and a new row image of an envelope."""

    schema: Schema | None
    value: _Load
    image: _Load

    @classmethod
    def of(cls, schema: Schema | None) -> _Loads:
        image = schema.field("after") if schema is not None and schema.type is Type.STRUCT else None
        return cls(schema, _Load.of(schema), _Load.of(image))


class Reader:
    """Read payloads; keeps the schemas that it has seen, `limit` at most."""

    def __init__(self, *, schemas: bool, limit: int) -> None:
        self._schemas, self._limit = schemas, limit
        self._known: dict[bytes, _Loads] = {} if schemas else {b"": _Loads.of(None)}
        self._operations = events.Operations()

    def decode(self, topic: str, payloads: Texts, wrap: tuple[bytes, bytes]) -> list[Run]:
        """Return the values in runs of the same schema; raises DecodeError."""
        if wrap == SCHEMALESS and not isinstance(payloads, Spliced):
            return list(self._runs(topic, payloads)) if self._schemas else [self._run(topic, b"", payloads)]
        whole = self._wrapped(topic, payloads, wrap)
        if whole is not None:
            return [whole]
        head, tail = wrap
        return self.decode(topic, [p and head + p + tail for p in payloads], SCHEMALESS)

    def _wrapped(self, topic: str, payloads: Texts, wrap: tuple[bytes, bytes]) -> Run | None:
        """Read payloads without what they have in common, where that is an envelope or a schema alone."""
        outer = self._split(wrap[0] + b"null" + wrap[1]) if self._schemas else b""
        if self._schemas and not outer:
            return None
        loads = self._head(topic, outer)
        head, tail = wrap[0][len(outer) :], wrap[1][:-1] if outer else wrap[1]
        if not head and not tail:
            return loads.schema, self._values(topic, payloads, loads.value)
        envelope = events.shared(head, tail)
        if envelope is None or _has_null(payloads):
            return None
        images = self._values(topic, payloads, loads.image)

        def struct(at: int) -> Any:
            return loads.value.each(self._parse(topic, head + (payloads[at] or b"null") + tail))

        return loads.schema, events.EventColumns(envelope["op"] * len(images), images, struct)

    def _values(self, topic: str, payloads: Texts, load: _Load) -> Sequence[Any]:
        found = _by_column(payloads, load) if isinstance(payloads, Spliced) else None
        return [*map(load.each, self._parse_all(topic, payloads))] if found is None else found

    def _runs(self, topic: str, payloads: Texts) -> Iterator[Run]:
        head, start = b"", 0
        payloads = list(payloads)
        for index, payload in enumerate(payloads):
            if payload is None or (head and payload.startswith(head)):
                continue
            if not (found := self._split(payload)):
                payload = payloads[index] = self._written_anew(topic, payload)
                found = self._split(payload)
            if found == head:
                continue
            if head:
                yield self._run(topic, head, payloads[start:index])
                start = index
            head = found
        yield self._run(topic, head, payloads[start:]) if head else (None, [None] * len(payloads))

    def _run(self, topic: str, head: bytes, payloads: Texts) -> Run:
        loads = self._head(topic, head)
        if head:
            skip = len(head)
            payloads = [payload and payload[skip:-1] for payload in payloads]
        columns = self._columns(topic, loads, payloads)
        return loads.schema, columns or self._values(topic, payloads, loads.value)

    def _columns(self, topic: str, loads: _Loads, payloads: Texts) -> Sequence[Any] | None:
        """Return envelopes of new rows by column; None where the payloads are something else."""
        found = events.split(payloads, self._operations)
        if found is None:
            return None
        ops, texts = found
        images = _parse_list(texts)
        if len(images) != len(texts) or not {dict}.issuperset(map(type, images)):
            return None

        def struct(at: int) -> Any:
            return loads.value.each(self._parse(topic, payloads[at] or b"null"))

        return events.EventColumns(ops, [*map(loads.image.each, images)], struct)

    def _parse_all(self, topic: str, texts: Texts) -> list[Any]:
        """Parse many at once, which is cheaper; one by one when that fails, to say which it was."""
        try:
            parsed = _parse_list(texts)  # type: ignore[arg-type]
        except TypeError:
            parsed = _parse_list([b"null" if text is None else text for text in texts])
        if len(parsed) == len(texts):
            return parsed
        return [None if text is None else self._parse(topic, text) for text in texts]

    def _split(self, payload: bytes) -> bytes:
        """Return everything up to the payload; nothing where that is not as converters write it."""
        at = payload.find(PAYLOAD)
        while at >= 0:
            head = payload[: at + len(PAYLOAD)]
            if head in self._known or _is_head(head):
                return head
            at = payload.find(PAYLOAD, at + 1)
        return b""

    def _written_anew(self, topic: str, payload: bytes) -> bytes:
        """Return a document with its members in our order, and no spaces; raises DecodeError."""
        document = self._parse(topic, payload)
        if not isinstance(document, dict) or document.keys() != {"schema", "payload"}:
            raise DecodeError(
                'JsonConverter with schemas.enable requires "schema" and "payload" fields and may not '
                f"contain additional fields (topic {topic})",
                hint="If you are trying to deserialize plain JSON data, set schemas.enable=false in "
                "your converter configuration",
            )
        return orjson.dumps({"schema": document["schema"], "payload": document["payload"]})

    def _head(self, topic: str, head: bytes) -> _Loads:
        known = self._known.get(head)
        if known is None:
            document = self._parse(topic, head + b"null}")
            if len(self._known) >= self._limit:
                self._known.clear()
            known = self._known[head] = _Loads.of(parse_schema(document["schema"], Loaders()))
        return known

    @staticmethod
    def _parse(topic: str, text: bytes) -> Any:
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise DecodeError(f"A record of {topic} is not JSON: {error}") from None


def _has_null(texts: Texts) -> bool:
    return not isinstance(texts, Spliced) and type(None) in map(type, texts)


def _by_column(texts: Spliced, load: _Load) -> StructColumns | None:
    """Return structs whose members are the cells; None where the texts are something else."""
    names = events.members(texts.frame)
    if names is None:
        return None
    columns = []
    for name, lines in zip(names, texts.columns, strict=True):
        values = _parse_list((lines.replace(b"\n", b","),))
        if len(values) != len(texts):
            return None
        columns.append(load.columns[name](values) if name in load.columns else values)
    return StructColumns(names, columns, len(texts))


def _parse_list(texts: Sequence[bytes]) -> list[Any]:
    """Return what the texts hold; fewer or more when one of them is not one JSON value."""
    try:
        parsed: list[Any] = orjson.loads(b"[" + b",".join(texts) + b"]")
    except orjson.JSONDecodeError:
        return []
    return parsed


def _is_head(head: bytes) -> bool:
    try:
        document = orjson.loads(head + b"null}")
    except orjson.JSONDecodeError:
        return False
    return isinstance(document, dict) and document.keys() == {"schema", "payload"}
