"""Pauses between attempts: exponential, with a random part, up to a limit."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(slots=True)
class Backoff:
    """Count attempts in a row and say how long to wait before the next.

    first, limit: seconds. The pause doubles; up to a fifth of it is taken off at random, so that
    many tasks do not come back at the same moment.
    """

    first: float = 0.3
    limit: float = 10.0
    attempts: int = 0

    def next(self) -> float:
        """Count one more attempt and return the seconds to wait before it."""
        pause = min(self.first * 2.0 ** min(self.attempts, 30), self.limit)
        self.attempts += 1
        return pause * random.uniform(0.8, 1.0)

    def reset(self) -> None:
        """Start anew: it has worked."""
        self.attempts = 0
