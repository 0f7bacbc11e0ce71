"""Where reading starts by GTID, and whether the server still has what is needed."""

from __future__ import annotations

from typing import TypeVar

from cdc.errors import PositionLost
from cdc.sources.mysql.gtid.filters import SourceFilter
from cdc.sources.mysql.gtid.mariadb import MariaDbGtidSet
from cdc.sources.mysql.gtid.mysql import MySqlGtidSet

Set = TypeVar("Set", MySqlGtidSet, MariaDbGtidSet)

LOST_HINT = (
    "changes are gone: delete the connector's offsets (or use a new topic.prefix) to read the tables "
    "anew, or set snapshot.mode=when_needed to let that happen by itself"
)


def start_set(stored: Set, executed: Set, purged: Set, wanted: SourceFilter) -> Set:
    """Return the GTIDs that need not be sent; the server sends all others, from their first one on.

    stored: what was read. executed, purged: the server's (MariaDB: its current position, and the one
    before its oldest binary log). Sources that are not wanted may be unknown, or purged: what was read of
    them, and what is gone, is passed.
    Raises `PositionLost` for what the server never had, or no longer has.
    """
    mine = stored.filtered(wanted)
    if strange := mine - executed:
        raise PositionLost(
            f"The server does not have transactions that were read before: {strange}; it has {executed}",
            hint=f"connect to a server that has them, else {LOST_HINT}",
        )
    if gone := purged.filtered(wanted) - mine:
        raise PositionLost(f"The server has purged transactions not yet read: {gone}", hint=LOST_HINT)
    return mine | (stored & executed) | purged.filtered(lambda source: not wanted(source))
