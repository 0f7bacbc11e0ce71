"""Formats for tests: repr of values, without and with a fast path."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

from cdc.batch import ChangeBatch, Images, Part
from cdc.config import Config
from cdc.envelopes import dict_part
from cdc.errors import DecodeError, EncodeError
from cdc.plugin import Format
from schemas.connect import STRING, Schema, struct

DOCUMENT = struct("document", [])


class ReprFormat(Format):
    """Python literals; a value that holds the text `poison` can be neither written nor read."""

    def __init__(self, *, is_key: bool = False) -> None:
        super().__init__(Config({}), is_key=is_key)

    def wrap(self, topic: str, schema: Schema | None) -> tuple[bytes, bytes]:
        return (b"<", b">") if schema is not None else (b"", b"")

    def encode(self, topic: str, schema: Schema | None, values: Sequence[Any]) -> list[bytes | None]:
        return [None if value is None and schema is None else self._one(value) for value in values]

    @staticmethod
    def _one(value: Any) -> bytes:
        if "poison" in repr(value):
            raise EncodeError("poison")
        return repr(value).encode()

    def decode(
        self, topic: str, payloads: Sequence[bytes | None], wrap: tuple[bytes, bytes]
    ) -> list[tuple[Schema | None, list[Any]]]:
        runs: list[tuple[Schema | None, list[Any]]] = []
        for payload in payloads:
            if payload is not None and b"poison" in payload:
                raise DecodeError("poison")
            value = None if payload is None else ast.literal_eval(payload.decode().strip("<>"))
            schema = STRING if isinstance(value, str) else DOCUMENT if isinstance(value, dict) else None
            if value is None and runs:
                runs[-1][1].append(None)
            elif runs and runs[-1][0] is schema:
                runs[-1][1].append(value)
            else:
                runs.append((schema, [value]))
        return runs


class FastFormat(ReprFormat):
    """The same with a fast path for change batches."""

    def fast_path(self) -> FastFormat:
        return self

    def part(self, batch: ChangeBatch, scope: dict[str, Any]) -> Part:
        if self.is_key:
            return dict_part(batch.table.key, scope, "k")
        return dict_part(batch.table.columns, scope, "r")

    def finish_keys(self, batch: ChangeBatch, keys: list[Any]) -> list[bytes | None]:
        return [self._one(key) for key in keys]

    def finish_values(
        self, batch: ChangeBatch, images: Images
    ) -> tuple[list[bytes | None], tuple[bytes, bytes]]:
        rows = zip(batch.ops, images.before, images.after, strict=True)
        values = [self._one((op, b, a)) for op, b, a in rows]
        return [*values], (b"", b"")
