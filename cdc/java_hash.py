"""The order in which a java.util.HashMap gives its keys back; Connect and Debezium show it in places."""

from __future__ import annotations

from collections.abc import Iterable


def hash_order(keys: Iterable[str], buckets: int) -> list[str]:
    """Return the keys by their buckets; within one, as they were inserted."""
    return sorted(keys, key=lambda key: spread_hash(key) & (buckets - 1))


def grown(entries: int, buckets: int = 16) -> int:
    """Return how many buckets a map of `buckets` (a power of two) has once it holds so many entries."""
    while entries > buckets * 3 // 4:
        buckets *= 2
    return buckets


def spread_hash(key: str) -> int:
    """Return String.hashCode, spread as HashMap does."""
    code = 0
    units = key.encode("utf-16-be", "surrogatepass")
    for high, low in zip(units[::2], units[1::2], strict=True):
        code = (31 * code + (high << 8 | low)) & 0xFFFFFFFF
    return code ^ code >> 16
