"""`errors.log.enable`: records that could not be processed, in the words of Connect's LogReporter."""

from __future__ import annotations

import logging

_log = logging.getLogger(__name__)


def log_error(connector: str, task: int, stage: str, cls: type, error: Exception, where: str = "") -> None:
    """Log one. where: which record it is, with `errors.log.include.messages`."""
    _log.error(
        "Error encountered in task %s-%d. Executing stage '%s' with class '%s'%s.",
        connector,
        task,
        stage,
        f"{cls.__module__}.{cls.__qualname__}",
        f", {where}" if where else "",
        exc_info=error,
    )
