"""Group a consumer's messages into runs of one partition."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from cdc.batch import Encoded, EncodedHeader, Fetched


def runs(messages: Sequence[Any]) -> Iterator[Fetched]:
    """Yield the messages as runs of consecutive ones of the same partition."""
    for (topic, partition), group in groupby(messages, key=lambda m: (m.topic(), m.partition())):
        found = list(group)
        shared, single = _headers([message.headers() for message in found])
        encoded = Encoded(
            topic,
            [message.key() for message in found],
            [message.value() for message in found],
            headers=shared,
            row_headers=single,
            timestamps=[message.timestamp()[1] for message in found],
            partition=partition,
        )
        yield Fetched(encoded, [message.offset() for message in found])


def _headers(
    lists: list[list[EncodedHeader] | None],
) -> tuple[Sequence[EncodedHeader], dict[int, Sequence[EncodedHeader]]]:
    """Tell the headers that all records share from those of single records."""
    first = lists[0] or []
    if all(one == first or (not one and not first) for one in lists):
        return first, {}
    return (), {index: one for index, one in enumerate(lists) if one}
