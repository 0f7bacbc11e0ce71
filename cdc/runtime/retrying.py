"""`errors.retry.timeout`: converters and transforms are tried again where the error says that it may help.

As Connect's RetryWithToleranceOperator, which takes RetriableException for that; here it is `CdcError.retry`
(a schema registry that cannot be reached). What reads from and writes to databases and logs has its own ways.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from cdc.errors import CdcError, Interrupted
from cdc.runtime.backoff import Backoff
from cdc.runtime.connector_config import ConnectorConfig

T = TypeVar("T")
_NAP = 0.2

log = logging.getLogger(__name__)


class Retry(Protocol):
    """Does a piece of work, once or more often."""

    def __call__(self, work: Callable[[], T]) -> T:
        """Return what `work` returns; raises what it raised last."""
        ...


def at_once(work: Callable[[], T]) -> T:
    """Do the work, once."""
    return work()


def _nothing() -> None:
    """Keep nothing alive."""


@dataclass(slots=True)
class Retrying:
    """Try again until it works, for `timeout` seconds since it began to fail (None: without end).

    The time is that of a run of failures: work that is cut smaller because it failed does not get it anew.
    stopping: ends the pauses; what has failed is then neither done nor given up, so that nobody may set it
    aside. tick: called some times a second meanwhile.
    """

    timeout: float | None
    backoff: Backoff = field(default_factory=Backoff)
    stopping: Callable[[], bool] = lambda: False
    tick: Callable[[], None] = _nothing
    _since: float | None = None

    def __call__(self, work: Callable[[], T]) -> T:
        """Return what `work` returns; raises its last error, or Interrupted."""
        while True:
            try:
                done = work()
            except CdcError as error:
                if not error.retry or not self._pause(error):
                    raise
            else:
                if self._since is not None:
                    self._since = None
                    self.backoff.reset()
                return done

    def _pause(self, error: CdcError) -> bool:
        """Wait; False when there is no time left."""
        now = time.monotonic()
        self._since = now if self._since is None else self._since
        left = None if self.timeout is None else self._since + self.timeout - now
        if left is not None and left <= 0:
            return False
        self._go_on(error)
        pause = self.backoff.next() if left is None else min(self.backoff.next(), left)
        log.warning("%s; next attempt in %.1f s", error, pause)
        until = now + pause
        while not self.stopping() and (rest := until - time.monotonic()) > 0:
            time.sleep(min(rest, _NAP))
            self.tick()
        self._go_on(error)
        return True

    def _go_on(self, error: CdcError) -> None:
        if self.stopping():
            raise Interrupted(f"Stopped while it was tried again: {error}") from error


def build_retrying(config: ConnectorConfig) -> Retrying | None:
    """Return how a connector's converters and transforms are tried again; None: not at all."""
    if config.retry_timeout_ms == 0:
        return None
    timeout = None if config.retry_timeout_ms < 0 else config.retry_timeout_ms / 1000
    return Retrying(timeout, Backoff(limit=config.retry_delay_max_ms / 1000))
