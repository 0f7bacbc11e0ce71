"""Offsets of a connector with a topic of its own: the worker's topic has what that one does not have yet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

from cdc.plugin import State


class LayeredState(State):
    """Show the first state over the second, and write to both, as Connect's ConnectorOffsetBackingStore."""

    def __init__(self, own: State, shared: State) -> None:
        self._own, self._shared = own, shared

    def get(self, key: bytes) -> bytes | None:
        """Return the connector's own value, else the worker's."""
        found = self._own.get(key)
        return self._shared.get(key) if found is None else found

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield every live key of either."""
        return iter({**dict(self._shared.items()), **dict(self._own.items())}.items())

    def put(self, key: bytes, value: bytes | None) -> None:
        """Store in both; what is deleted must not shine through in between."""
        states = (self._own, self._shared) if value is not None else (self._shared, self._own)
        for state in states:
            state.put(key, value)

    def close(self) -> None:
        """Release both."""
        with ExitStack() as both:
            both.callback(self._shared.close)
            both.callback(self._own.close)
