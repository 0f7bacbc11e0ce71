"""What a member of a group owns: partitions, how far it has read, and what that means when they move."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

Place = tuple[str, int]
"""Topic and partition."""


class Ownership:
    """Keep the books of one member; knows no driver.

    positions: the next offset to return. committed: where the group, or whoever sought last, says that
    reading begins; known for every partition of which records were returned.
    """

    def __init__(self) -> None:
        self.assigned: set[Place] = set()
        self.positions: dict[Place, int] = {}
        self.committed: dict[Place, int] = {}
        self._sought: dict[Place, int] = {}
        self._sought_before: dict[Place, int] = {}
        self._held: dict[Place, int] = {}
        self._lost: set[Place] = set()
        self._read: dict[Place, int] = {}

    def seek(self, place: Place, offset: int) -> bool:
        """Note where to go on; True when the partition is assigned, so that the driver has to seek now."""
        self._read.pop(place, None)
        if place in self.assigned:
            self.positions[place] = self.committed[place] = offset
            return True
        self._sought[place] = offset
        self._sought_before.pop(place, None)
        self._held.pop(place, None)
        return False

    def assign(self, places: Iterable[Place], stored: Mapping[Place, int]) -> dict[Place, int]:
        """Take partitions; return where they begin, unless that is for the policy of new groups.

        What was sought since the last assignment wins. Else it is the furthest of the own position
        (when the partition stayed in a rebalance), the group's stored one, and what was sought
        before. A partition that did not stay is lost.
        """
        starts = {}
        for place in places:
            self.assigned.add(place)
            start = max(self._held.pop(place, -1), stored.get(place, -1))
            if place in stored:
                self.committed[place] = stored[place]
            # What was sought before somebody else had the partition: the group may know better.
            start = max(start, self._sought_before.pop(place, -1))
            if place in self._sought:
                start = self.committed[place] = self._sought.pop(place)
            if start >= 0:
                starts[place] = self.positions[place] = start
                if place in self._read:
                    self._read[place] = min(start, self._read[place])
        self._lose(self._held)
        self._held = {}
        self._sought_before.update(self._sought)
        self._sought.clear()
        return starts

    def is_behind(self, place: Place, first: int) -> bool:
        """Whether records from `first` on come although later ones were returned, and nobody went back."""
        return first < self._read.get(place, 0)

    def returned(self, place: Place, first: int, following: int) -> None:
        """Note that records were returned; the first one ever is where a group without offsets began."""
        self.committed.setdefault(place, first)
        self.positions[place] = self._read[place] = following

    def release(self, places: Iterable[Place]) -> None:
        """Give partitions back, all of them for a moment: the next assignment says which ones stay."""
        for place in places:
            self.assigned.discard(place)
            if place in self.positions:
                self._held[place] = self.positions[place]

    def lose(self, places: Iterable[Place]) -> None:
        """Note that partitions are gone for good."""
        gone = list(places)
        self.assigned.difference_update(gone)
        self._lose(gone)

    def _lose(self, places: Iterable[Place]) -> None:
        lost = [place for place in places if self._uncommitted(place)]
        self._lost.update(lost)
        for place in lost:
            self._read.pop(place, None)

    def _uncommitted(self, place: Place) -> bool:
        return place in self.committed and self.positions.get(place, -1) > self.committed[place]

    @property
    def broken(self) -> bool:
        """Whether records were returned that somebody else will read again."""
        return bool(self._lost)

    def restart(self, received: Mapping[Place, int]) -> tuple[list[Place], dict[Place, int]]:
        """Forget what was returned and not committed; return what was lost, and where to seek to.

        received: partitions of which records have arrived that were not returned yet, and the
        first offset of each.
        """
        gone, self._lost = sorted(self._lost), set()
        for place in gone:
            if place not in self.assigned:
                self.positions.pop(place, None)
        back = {place: start for place, start in received.items() if place in self.assigned}
        for place in self.assigned:
            if self._uncommitted(place):
                back[place] = self.committed[place]
        self.positions.update(back)
        for place in back:
            self._read.pop(place, None)
        return gone, back
