"""What is done some times a second while the server keeps us waiting for others."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable

from cdc.errors import Interrupted

log = logging.getLogger(__name__)

Stopping = Callable[[], bool]
_FIRST_WORD, _LATER_WORDS = 1.0, 30.0
"""Seconds after which it is said what is waited for, and is said again."""


class Waiting:
    """Tell who is waited for, and end the waiting when a stop is asked for.

    what: a sentence that goes on with what `who` returns. stopped: the message of what a stop raises.
    """

    def __init__(
        self, what: str, who: Callable[[], Iterable[str]], *, stopped: str, stopping: Stopping
    ) -> None:
        self._what, self._who = what, who
        self._stopped, self._stopping = stopped, stopping
        self._due = time.monotonic() + _FIRST_WORD

    def __call__(self) -> None:
        """Be called some times a second; raises Interrupted once a stop is asked for."""
        if self._stopping():
            raise Interrupted(self._stopped)
        if time.monotonic() >= self._due:
            self._due = time.monotonic() + _LATER_WORDS
            log.warning("%s: %s", self._what, ", ".join(self._who()) or "the server does not tell which")
