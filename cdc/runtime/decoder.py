"""What a log reader fetched, as record batches for transforms and sinks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from cdc.batch import Encoded, Fetched, Header, RecordBatch
from cdc.errors import Interrupted
from cdc.plugin import Format
from cdc.runtime.headers import HeaderConverter
from cdc.runtime.retrying import Retry, at_once
from schemas.connect import Schema

Runs = list[tuple[Schema | None, Sequence[Any]]]
Headers = list[Sequence[Header]] | None
OnBad = Callable[[Fetched, int, str, Format | HeaderConverter, Exception], None]
"""Told about a record that cannot be read: where, `KEY_CONVERTER` or another stage, by whom, why."""


class Decoder:
    """Decode keys and values; a record that cannot be read goes to `on_bad`, the others go on."""

    def __init__(
        self,
        key: Format,
        value: Format,
        headers: HeaderConverter,
        on_bad: OnBad,
        retry: Retry = at_once,
    ) -> None:
        self._key, self._value, self._headers, self._on_bad = key, value, headers, on_bad
        self._retry = retry

    def decode(self, fetched: Fetched) -> Iterator[RecordBatch]:
        """Yield batches in log order, split where the schema of key or value changes."""
        if not fetched.offsets:
            return
        sides = self._sides(fetched.encoded)
        try:
            keys, values, headers = self._retry(lambda: [read() for _, _, read in sides])
        except Interrupted:
            raise
        except Exception:  # noqa: BLE001 - a format may raise anything for bytes it has not written
            yield from self._halves(fetched)
            return
        yield from self._batches(fetched, keys, values, headers)

    def _sides(self, encoded: Encoded) -> Sequence[tuple[str, Format | HeaderConverter, Callable[[], Any]]]:
        """Return what is to be read: the stage of it, by whom, and the call that does it."""
        topic = encoded.topic
        return (
            ("KEY_CONVERTER", self._key, lambda: self._key.decode(topic, encoded.keys, encoded.key_wrap)),
            (
                "VALUE_CONVERTER",
                self._value,
                lambda: self._value.decode(topic, encoded.values, encoded.value_wrap),
            ),
            ("HEADER_CONVERTER", self._headers, lambda: self._all_headers(encoded)),
        )

    def _halves(self, fetched: Fetched) -> Iterator[RecordBatch]:
        """Close in on what cannot be read."""
        count = len(fetched.offsets)
        if count == 1:
            yield from self._single(fetched)
            return
        for part in (range(count // 2), range(count // 2, count)):
            offsets = [fetched.offsets[index] for index in part]
            yield from self.decode(Fetched(fetched.encoded.select(part), offsets))

    def _single(self, fetched: Fetched) -> Iterator[RecordBatch]:
        """Read a record once more, to tell which side of it cannot be read: perhaps it can by now."""
        found = []
        for stage, by, read in self._sides(fetched.encoded):
            try:
                found.append(read())
            except Exception as error:  # noqa: BLE001 - see decode
                self._on_bad(fetched, 0, stage, by, error)
                return
        yield from self._batches(fetched, *found)

    def _batches(self, fetched: Fetched, keys: Runs, values: Runs, headers: Headers) -> Iterator[RecordBatch]:
        encoded = fetched.encoded
        whole = len(keys) == len(values) == 1
        for start, end, key_schema, key_run, value_schema, value_run in _aligned(keys, values):
            indices = range(start, end)
            yield RecordBatch(
                encoded.topic,
                key_schema,
                value_schema,
                key_run,
                value_run,
                headers if whole else headers and headers[start:end],
                encoded.timestamps if whole else encoded.timestamps and encoded.timestamps[start:end],
                encoded.partition,
                fetched.offsets if whole else fetched.offsets[start:end],
                encoded if whole else encoded.select(indices),
            )

    def _all_headers(self, encoded: Encoded) -> Headers:
        """Decode what all records share once; most records have nothing else."""
        if not encoded.headers and not encoded.row_headers:
            return None
        shared = tuple(self._headers.decode(encoded.topic, header) for header in encoded.headers)
        headers: list[Sequence[Header]] = [shared] * len(encoded)
        for index, own in encoded.row_headers.items():
            headers[index] = (*(self._headers.decode(encoded.topic, header) for header in own), *shared)
        return headers


def _aligned(keys: Runs, values: Runs) -> Iterator[tuple[int, int, Any, Sequence[Any], Any, Sequence[Any]]]:
    """Yield the pieces that have one key schema and one value schema."""
    if len(keys) == len(values) == 1:
        (key_schema, key_run), (value_schema, value_run) = keys[0], values[0]
        yield 0, len(value_run), key_schema, key_run, value_schema, value_run
        return
    key_at = value_at = start = 0
    key_runs, value_runs = iter(keys), iter(values)
    key_schema, key_run = next(key_runs, (None, []))
    value_schema, value_run = next(value_runs, (None, []))
    while True:
        while key_at == len(key_run):
            following = next(key_runs, None)
            if following is None:
                return
            key_at, (key_schema, key_run) = 0, following
        while value_at == len(value_run):
            value_at, (value_schema, value_run) = 0, next(value_runs)
        size = min(len(key_run) - key_at, len(value_run) - value_at)
        key_part = key_run[key_at : key_at + size]
        value_part = value_run[value_at : value_at + size]
        yield start, start + size, key_schema, key_part, value_schema, value_part
        start, key_at, value_at = start + size, key_at + size, value_at + size
