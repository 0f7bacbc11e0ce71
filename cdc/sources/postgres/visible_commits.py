"""What a slot's snapshot shows is waited for, until everybody sees it.

The log has a commit before a query sees it: by a moment, or for as long as the transaction waits for its
synchronous standby. A snapshot made from the log shows it, and the slot does not send it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import islice

from cdc.sources.postgres.replication import ReplicationStream
from cdc.sources.postgres.visibility import parse_visibility
from cdc.sources.postgres.waiting import Stopping, Waiting

_NOW = "SELECT pg_current_snapshot()::text"
# A backend's id has 32 bits; a role that may not look at it sees none.
_COMMITTING = """
SELECT format('transaction %s', xid) || coalesce(format(' (PID %s, user %s, application %s, %s)', pid,
         usename, application_name, 'waits for ' || coalesce(wait_event, 'nothing')), '')
  FROM unnest('{{{}}}'::bigint[]) AS committing (xid)
  LEFT JOIN pg_stat_activity ON backend_xid = (xid & 4294967295)::text::xid
"""
_NAMED = 10
_NAP = 0.1


def await_visible(stream: ReplicationStream, position: str, stopping: Stopping) -> None:
    """Return once every query shows what a slot's snapshot does, so that a later run's own does, too.

    stream: runs the queries; what it exported was taken over. Raises Interrupted once a stop is asked for.
    """
    wait = Waiting(
        "The snapshot waits for commits that the log has and nobody sees yet",
        lambda: _committing(stream, position),
        stopped="Stopped before all that the snapshot shows was visible",
        stopping=stopping,
    )
    while _invisible(stream, position):
        wait()
        time.sleep(_NAP)


def _invisible(stream: ReplicationStream, position: str) -> list[int]:
    """Return some transactions that the position shows, and a query does not."""
    now = stream.command(_NOW)[0][0]
    assert now is not None
    return list(islice(parse_visibility(position).beyond(parse_visibility(now)), _NAMED))


def _committing(stream: ReplicationStream, position: str) -> Iterator[str]:
    ids = ",".join(map(str, _invisible(stream, position)))
    for (text,) in stream.command(_COMMITTING.format(ids)):
        yield str(text)
