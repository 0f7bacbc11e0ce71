"""Membership in consumer groups: a slot of the group, held by a lock that dies with its holder."""

from __future__ import annotations

from pathlib import Path

from cdc.transport.embedded.locks import FileLock, byte_of


class Member:
    """A member of a group of `slots` members; its topics are those whose id falls to its slot.

    Members of one group never share a topic. One that finds every slot taken stands by.
    """

    def __init__(self, path: Path, group: str, slots: int) -> None:
        self._group, self._slots = group, max(1, slots)
        self._lock = FileLock(path.with_name(f"{path.name}-lock"))
        self._slot: int | None = None

    @property
    def active(self) -> bool:
        """Whether the member has a slot; tries to get one."""
        if self._slot is None:
            self._slot = next((slot for slot in range(self._slots) if self._take(slot)), None)
        return self._slot is not None

    def owns(self, topic: int) -> bool:
        """Whether the topic of this id is the member's."""
        return topic % self._slots == self._slot

    def close(self) -> None:
        """Leave; whoever stands by takes the slot."""
        self._slot = None
        self._lock.close()

    def _take(self, slot: int) -> bool:
        return self._lock.try_acquire(byte_of(f"{slot}/{self._slots}/{self._group}"))
