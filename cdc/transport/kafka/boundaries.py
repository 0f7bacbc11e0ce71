"""`transaction.boundary`: how long a transaction of an exactly-once task lasts."""

from __future__ import annotations

from collections.abc import Mapping

from cdc.errors import ConfigError, Problem

_DEFAULT_MS = 60_000
"""offset.flush.interval.ms, as in Connect."""
_SPARE_MS = 60_000


def boundary_interval(connector: Mapping[str, str]) -> float | None:
    """Return the seconds of `transaction.boundary=interval`; None for `poll`, which is as good as at once.

    Raises ConfigError for `connector`: no source here defines its transactions.
    """
    boundary = connector.get("transaction.boundary", "poll").strip().lower()
    if boundary == "connector":
        message = "The connector does not define the boundaries of transactions: use poll or interval"
        raise ConfigError([Problem("transaction.boundary", f"transaction.boundary: {message}")])
    if boundary != "interval":
        return None
    return int(connector.get("transaction.boundary.interval.ms") or _DEFAULT_MS) / 1000


def boundary_settings(connector: Mapping[str, str]) -> dict[str, str]:
    """Return what a producer needs so that the brokers do not end its transactions before their time."""
    interval = boundary_interval(connector)
    return {} if interval is None else {"transaction.timeout.ms": str(int(interval * 1000) + _SPARE_MS)}
