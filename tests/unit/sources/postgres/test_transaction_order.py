"""Collections of an END marker stand where Java's HashMap has them."""

from __future__ import annotations

import random

from cdc.sources.postgres.transactions import _bucket


def test_the_order_that_debezium_showed() -> None:
    names = [f"public.t{number}" for number in range(10)]
    random.Random(1).shuffle(names)
    ordered = sorted(names, key=lambda name: _bucket(name, 16))
    assert "".join(name[-1] for name in ordered) == "8794365021"


def test_letters_beyond_the_first_plane_are_two_units() -> None:
    assert _bucket("", 16) == 0
    assert _bucket("𝄞", 1 << 16) == (0xD834 * 31 + 0xDD1E ^ (0xD834 * 31 + 0xDD1E) >> 16) & 0xFFFF
