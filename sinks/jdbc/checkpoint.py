"""How far the target has come: the table `_cdc_checkpoint`, written in the transaction of the rows.

One row a connector, topic and partition: the offset of the next record, the identity of the log's topic,
so that the position of a topic that was deleted and made anew is not taken for this one's, and the newest
change of the source that was written, see `replays`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from cdc.errors import SinkUnavailable
from sinks.jdbc.replays import Moment
from sinks.jdbc.session import RowsRejected, Session
from sinks.jdbc.spans import Partition

TABLE = "_cdc_checkpoint"
_log = logging.getLogger(__name__)

_CREATE = (
    "CREATE TABLE IF NOT EXISTS {table} (connector varchar(255) NOT NULL, topic varchar(249) NOT NULL,"
    " partition_number integer NOT NULL, next_offset bigint NOT NULL, topic_id varchar(64),"
    " source_time bigint, source_position bigint, PRIMARY KEY (connector, topic, partition_number)){engine}"
)
_INNODB = " ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin ROW_FORMAT=DYNAMIC"
_ENGINE = {"mysql": _INNODB, "mariadb": _INNODB}


class Moved(Exception):
    """The stored positions are not those expected: somebody else wrote in the meantime."""


class Checkpoint:
    """The positions of one connector. `known`, `moments`: what is stored, as far as this task knows."""

    def __init__(
        self, session: Session, connector: str, topic_id: Callable[[str], str | None] = lambda topic: None
    ) -> None:
        self.session, self.connector, self.topic_id = session, connector, topic_id
        self.known: dict[Partition, int] = {}
        self.moments: dict[Partition, Moment] = {}
        self._met: set[str] = set()
        self._advanced: tuple[Mapping[Partition, int], Mapping[Partition, Moment]] = {}, {}
        mark = "?" if self.session.target.dialect == "sqlite" else "%s"
        where = f"WHERE connector = {mark} AND topic = {mark} AND partition_number = {mark}"
        self._advance = (
            f"UPDATE {TABLE} SET next_offset = {mark}, source_time = {mark}, source_position = {mark}"
            f" {where} AND next_offset = {mark}"
        )
        self._add = (
            f"INSERT INTO {TABLE} (connector, topic, partition_number, next_offset, topic_id, source_time,"
            f" source_position) VALUES ({', '.join([mark] * 7)})"
        )
        self._select = (
            "SELECT topic, partition_number, next_offset, topic_id, source_time, source_position"
            f" FROM {TABLE} WHERE connector = {mark}"
        )
        self._delete = f"DELETE FROM {TABLE} {where}"

    def load(self) -> Mapping[Partition, int]:
        """Read the stored positions, making the table when it is missing.

        Positions of a topic that has been deleted and made anew are dropped: its records are others. Those of
        one that is not there stay in the table until it is: the first record of it raises Moved.
        """
        self._create()
        self.known, self.moments = {}, {}
        rows = self.session.execute(self._select, [self.connector])
        for topic, number, offset, stored_id, time, position in rows:
            current = self.topic_id(topic)
            if stored_id and current is None and topic not in self._met:
                continue
            if stored_id and current and stored_id != current:
                _log.warning("topic %s was made anew; its stored position %s does not count", topic, offset)
                self.session.execute(self._delete, [self.connector, topic, number])
            else:
                self.known[topic, int(number)] = int(offset)
                if time is not None:
                    self.moments[topic, int(number)] = int(time), int(position)
        return dict(self.known)

    def _create(self) -> None:
        if self._has("source_position"):
            return
        dialect = self.session.target.dialect
        self.session.execute(_CREATE.format(table=TABLE, engine=_ENGINE.get(dialect, "")))
        if not self._has("source_position"):  # it is of an earlier version
            for column in ("source_time", "source_position"):
                self.session.execute(f"ALTER TABLE {TABLE} ADD COLUMN {column} bigint")

    def _has(self, column: str) -> bool:
        try:
            self.session.execute(f"SELECT {column} FROM {TABLE} WHERE connector IS NULL")
        except RowsRejected:
            return False
        return True

    def advance(self, positions: Mapping[Partition, int], moments: Mapping[Partition, Moment]) -> None:
        """Store new positions, and the newest changes, inside the caller's transaction.

        Raises Moved when what is stored is not what was last seen: another task has written these
        partitions; the caller rolls back, loads and leaves out what is there already.
        """
        newer = {p: moment for p, moment in moments.items() if moment > self.moments.get(p, ())}
        self._advanced = positions, newer
        self._met.update(topic for topic, _ in positions)
        for (topic, number), offset in sorted(positions.items()):
            moment = newer.get((topic, number)) or self.moments.get((topic, number)) or (None, None)
            expected = self.known.get((topic, number))
            if expected is None:
                self._insert(topic, number, offset, moment)
            elif expected != offset:
                params = [offset, *moment, self.connector, topic, number, expected]
                if self.session.changed(self._advance, params) != 1:
                    raise Moved

    def committed(self) -> None:
        """Take note that what `advance` stored last is durable."""
        positions, newer = self._advanced
        self.known.update(positions)
        self.moments.update(newer)

    def _insert(self, topic: str, number: int, offset: int, moment: Moment | tuple[None, None]) -> None:
        row = [self.connector, topic, number, offset, self.topic_id(topic), *moment]
        try:
            self.session.execute(self._add, row)
        except RowsRejected as error:
            if error.code in ("23505", "1062", "SQLITE_CONSTRAINT_PRIMARYKEY", "SQLITE_CONSTRAINT_UNIQUE"):
                raise Moved from error
            raise SinkUnavailable(f"the position cannot be stored in {TABLE}: {error}") from error
