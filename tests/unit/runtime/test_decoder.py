"""What was fetched becomes record batches; what cannot be read is told about."""

from typing import Any

import pytest

from cdc.batch import Encoded, Fetched
from cdc.errors import DecodeError
from cdc.runtime.decoder import Decoder
from cdc.runtime.headers import FormatHeaders, SimpleHeaders
from tests.fakes.formats import ReprFormat


def fetched(keys: list[bytes | None], values: list[bytes | None], **more: Any) -> Fetched:
    count = len(keys)
    encoded = Encoded("t", keys, values, timestamps=[1] * count, partition=3, **more)
    return Fetched(encoded, range(10, 10 + count))


def decoder(bad: list[tuple[int, str]]) -> Decoder:
    def on_bad(run: Fetched, index: int, stage: str, form: object, error: Exception) -> None:
        bad.append((run.offsets[index], stage))

    return Decoder(ReprFormat(is_key=True), ReprFormat(), SimpleHeaders(), on_bad)


def test_one_run_is_one_batch() -> None:
    run = fetched([b"'a'", b"'b'"], [b"{'x': 1}", None])
    (batch,) = decoder([]).decode(run)
    assert (batch.keys, batch.values) == (["a", "b"], [{"x": 1}, None])
    assert (list(batch.offsets), batch.partition, batch.raw) == ([10, 11], 3, run.encoded)


def test_batches_split_where_a_schema_changes() -> None:
    keys: list[bytes | None] = [b"'a'", b"'b'", b"1", b"2"]
    values: list[bytes | None] = [b"'v'", b"{'x': 1}", b"{'x': 2}", b"'w'"]
    batches = list(decoder([]).decode(fetched(keys, values)))
    assert [batch.keys for batch in batches] == [["a"], ["b"], [1], [2]]
    assert [batch.values for batch in batches] == [["v"], [{"x": 1}], [{"x": 2}], ["w"]]
    assert [list(batch.offsets) for batch in batches] == [[10], [11], [12], [13]]
    assert all(batch.raw is not None and len(batch.raw) == 1 for batch in batches)


def test_bad_records_are_told_about_and_the_others_go_on() -> None:
    bad: list[tuple[int, str]] = []
    keys: list[bytes | None] = [b"'a'", b"'poison'", b"'c'", b"'d'"]
    values: list[bytes | None] = [b"'1'", b"'2'", b"'3'", b"'poison'"]
    batches = list(decoder(bad).decode(fetched(keys, values)))
    assert [key for batch in batches for key in batch.keys] == ["a", "c"]
    assert bad == [(11, "KEY_CONVERTER"), (13, "VALUE_CONVERTER")]


def test_headers_of_single_records_come_before_the_shared_ones() -> None:
    run = fetched([None, None], [b"'1'", b"'2'"], headers=(("s", b"x"),), row_headers={1: (("own", b"1"),)})
    (batch,) = decoder([]).decode(run)
    assert batch.headers is not None
    assert [[name for name, _, _ in one] for one in batch.headers] == [["s"], ["own", "s"]]


def test_nothing_gives_nothing() -> None:
    assert not list(decoder([]).decode(fetched([], [])))


class Recovering(ReprFormat):
    """Fails as often as it is told, and then reads: a registry that was away for a moment."""

    def __init__(self, failures: int) -> None:
        super().__init__()
        self.failures = failures

    def decode(self, topic: str, payloads: Any, wrap: Any) -> Any:
        if self.failures:
            self.failures -= 1
            raise DecodeError("away")
        return super().decode(topic, payloads, wrap)


@pytest.mark.parametrize("failures", [1, 2])
def test_no_record_is_lost_to_a_format_that_works_when_it_is_asked_again(failures: int) -> None:
    bad: list[tuple[int, str]] = []
    one = decoder(bad)
    one._value = Recovering(failures)
    batches = list(one.decode(fetched([b"'a'", b"'b'"], [b"'1'", b"'2'"])))
    assert [offset for batch in batches for offset in batch.offsets] + [at for at, _ in bad] == [10, 11]


def test_a_header_that_cannot_be_read_is_a_bad_record_too() -> None:
    bad: list[tuple[int, str]] = []
    one = decoder(bad)
    one._headers = FormatHeaders(ReprFormat())
    run = fetched([None, None], [b"'1'", b"'2'"], row_headers={1: (("own", b"poison"),)})
    assert [offset for batch in one.decode(run) for offset in batch.offsets] == [10]
    assert bad == [(11, "HEADER_CONVERTER")]
