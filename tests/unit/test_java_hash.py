"""Keys stand where Java's HashMap has them, as the collections of an END marker do."""

from __future__ import annotations

import random

from cdc.java_hash import grown, hash_order, spread_hash


def test_the_order_that_debezium_showed() -> None:
    names = [f"public.t{number}" for number in range(10)]
    random.Random(1).shuffle(names)
    assert "".join(name[-1] for name in hash_order(names, 16)) == "8794365021"


def test_letters_beyond_the_first_plane_are_two_units() -> None:
    code = 0xD834 * 31 + 0xDD1E
    assert spread_hash("") == 0
    assert spread_hash("𝄞") == code ^ code >> 16


def test_a_map_grows_when_it_is_three_quarters_full() -> None:
    assert [grown(entries) for entries in (0, 12, 13, 24, 25)] == [16, 16, 32, 32, 64]
    assert grown(1, 64) == 64
