"""How far a sink task has come: what was read, what was handed to the sink, what may be committed."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from cdc.batch import Fetched, RecordBatch, text_bytes
from cdc.plugin import Positions


@dataclass(slots=True)
class Progress:
    """Positions since the last flush.

    Records that a transform dropped or that were set aside move the position as well.
    """

    _read: dict[tuple[str, int], int] = field(default_factory=dict)
    _written: dict[tuple[str, int], int] = field(default_factory=dict)
    _bytes: int = 0
    _since: float = 0.0

    @property
    def dirty(self) -> bool:
        """Whether something was read that is not committed."""
        return bool(self._read)

    def wrote(self, batch: RecordBatch) -> None:
        """Note a batch that the sink has taken."""
        if batch.raw is not None and batch.offsets:
            self._written[batch.raw.topic, batch.raw.partition or 0] = batch.offsets[-1] + 1

    def read(self, run: Fetched) -> None:
        """Note a run that is done with: written, dropped or set aside."""
        if not self._read:
            self._since = time.monotonic()
        self._read[run.encoded.topic, run.encoded.partition or 0] = run.next_offset
        self._bytes += text_bytes(run.encoded.values)

    def due(self, limit: int, seconds: float) -> bool:
        """Whether enough has come together although there is more to read."""
        return self._bytes >= limit or time.monotonic() - self._since >= seconds

    def flushed(self, reached: Positions) -> Positions:
        """Return what may be committed after a flush that has reached these positions, and start anew.

        Where the sink reached its last record, everything read behind it is done too. Where it
        says less, or nothing, it is believed.
        """
        safe = {}
        for place, end in self._read.items():
            written = self._written.get(place)
            if written is None or reached.get(place, -1) >= written:
                safe[place] = end
            elif place in reached:
                safe[place] = reached[place]
        self._read, self._written, self._bytes = {}, {}, 0
        return safe
