"""Row images of the golden cases of MySQL and MariaDB, as our codecs make them.

What is compared is what codecs decide: the key, the old and the new image of every record, and their
schemas; not the envelope around them. `python -m tests.golden.mysql_images REASON CASE…` accepts that ours
differ: `images.json` beside the recording then has ours, and the reason.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cdc import config as options
from cdc.batch import Images, Rows
from cdc.formats.json.payload import Dumpers
from cdc.formats.json.schema import schema_text
from cdc.relational.columns import ColumnMaker
from cdc.relational.config import RelationalConfig
from cdc.relational.config.types import time_modes
from cdc.sources.mysql.binlog.events import Rows as RowsEvent
from cdc.sources.mysql.columns import ColumnFactory, modes
from cdc.sources.mysql.table_maps import logged_columns, mismatches
from cdc.sources.mysql.types.modes import BIGINT_UNSIGNED_MODES, MYSQL_TIME_MODES
from schemas.connect import Schema, struct
from schemas.definition import TableDefinition
from schemas.table import Column, Table
from tests.golden.corpus import Case, Event, cases
from tests.golden.targets import DATABASE, MariaDBTarget, MySQLTarget
from tests.property.mysql_reader import Log, definition, event_rows, selected, value_template
from tests.servers.mysql import MySQLServer

FILE = "images.json"


class _Config(RelationalConfig):
    time_precision = time_modes(MYSQL_TIME_MODES, "adaptive_time_microseconds")
    bigint_unsigned = options.choice("bigint.unsigned.handling.mode", BIGINT_UNSIGNED_MODES, "long", doc="")
    adjust_years = options.boolean("enable.time.adjuster", True, doc="")
    comments = options.boolean("include.schema.comments", False, doc="")


@dataclass(frozen=True)
class Image:
    """What a record says of a row; texts as JsonConverter writes them, None where there is none."""

    topic: str
    key: str | None
    before: str | None
    after: str | None
    schema: Any = None
    key_schema: Any = None


class Maker:
    """Make the images of one case."""

    def __init__(self, case: Case, server: MySQLServer) -> None:
        self._case, self._server = case, server
        config = _Config(case.config({}))
        self._modes = modes(config, config.bigint_unsigned, adjust_years=config.adjust_years)  # type: ignore[arg-type]
        self._factory = ColumnFactory(ColumnMaker(config), self._modes, config.comments)
        nulls = case.properties.get("value.converter.replace.null.with.default") != "false"
        self._dumpers = Dumpers(numeric_decimals=False, defaults_for_null=nulls)
        self._with_schema = case.properties.get("value.converter.schemas.enable") == "true"
        self._with_key_schema = case.properties.get("key.converter.schemas.enable") == "true"

    def snapshot(self, name: str) -> Iterator[Image]:
        """Yield the images of a table as it is now."""
        defined = definition(self._server, DATABASE, name)
        table = self._table(defined, None)
        key = ", ".join(f"`{column}`" for column in defined.key)
        rows = selected(self._server, defined, self._modes, order=key or "1", table=table)
        yield from self._images(rows, table)

    def stream(self, events: list[RowsEvent]) -> Iterator[Image]:
        """Yield the images of row events."""
        for event in events:
            mapped = event.shape.table
            defined = definition(self._server, DATABASE, mapped.table)
            assert mismatches(mapped, defined) == []
            table = self._table(defined, event)
            yield from self._images(event_rows([event], defined, self._modes, table), table)

    def _table(self, defined: TableDefinition, event: RowsEvent | None) -> Table:
        def columns(*, masked: bool) -> dict[str, Column]:
            if event is None:
                made = [self._factory.text(defined.id, one, masked=masked) for one in defined.columns]
            else:
                mapped = event.shape.table
                pairs = zip(mapped.columns, logged_columns(mapped, defined), strict=True)
                made = [
                    self._factory.logged(defined.id, c, m, masked=masked) for m, c in pairs if c is not None
                ]
            return {column.name: column for column in made if column is not None}

        plain = columns(masked=False)
        return Table(defined.id, tuple(columns(masked=True).values()), tuple(plain[k] for k in defined.key))

    def _images(self, rows: Rows, table: Table) -> Iterator[Image]:
        row = _Writer(table.columns, self._dumpers)
        key = _Writer(table.key, self._dumpers)
        found: Images = rows.render(value_template(table))
        topic = f"srv.{DATABASE}.{table.id.table}"
        schema = row.schema if self._with_schema else None
        key_schema = key.schema if self._with_key_schema and table.key else None

        def image(before: Any, after: Any) -> Image:
            values = after if after is not None else before
            keyed = dict(zip(table.names, values, strict=True))
            text = key.text([keyed[column.name] for column in table.key]) if table.key else None
            return Image(topic, text, row.text(before), row.text(after), schema, key_schema)

        for before, after in zip(found.before, found.after, strict=True):
            made = image(before, after)
            if before is not None and after is not None and made.key != image(before, None).key:
                yield image(before, None)
                yield image(None, after)
            else:
                yield made


class _Writer:
    def __init__(self, columns: tuple[Column, ...], dumpers: Dumpers) -> None:
        self._names = [column.name for column in columns]
        found: Schema = struct(None, [(column.name, column.schema) for column in columns])
        self._dump = dumpers.of(found)
        self.schema = json.loads(schema_text(found, dumpers))["fields"]

    def text(self, values: Any) -> str | None:
        return None if values is None else self._dump(dict(zip(self._names, values, strict=True)))


def replay(case: Case, target: MySQLTarget) -> list[Image]:
    """Run a case and return our images, by topic in emitted order."""
    server = target.server
    target.create()
    try:
        target.run(case.setup)
        maker = Maker(case, server)
        tables = [str(name) for (name,) in server.execute("show tables", database=DATABASE)]
        found = [image for name in tables for image in maker.snapshot(name)]
        log = Log(server)
        target.run(case.stream)
        found += maker.stream(log.rows(DATABASE))
    finally:
        target.drop()
    return found


def recorded(case: Case) -> list[Image]:
    """Return the images that Debezium made."""
    return [image for event in case.events if (image := _of_event(case, event)) is not None]


def _of_event(case: Case, event: Event) -> Image | None:
    if event.value is None or not event.topic.startswith(f"srv.{DATABASE}."):
        return None
    before, after, schema = _pieces(event.value)
    key, key_schema = event.key, None
    if key is not None and key.startswith('{"schema":'):
        document = json.loads(key)
        key_schema = document["schema"]["fields"]
        at = key.index('"payload":') + len('"payload":')
        key = key[at:-1]
    return Image(event.topic, key, before, after, schema, key_schema)


def _pieces(value: str) -> tuple[str | None, str | None, Any]:
    """Return the text of both images, and the fields of their schema."""
    schema, start = None, 0
    if value.startswith('{"schema":'):
        document = json.loads(value)["schema"]
        schema = next(f["fields"] for f in document["fields"] if f["field"] == "after")
        _, end = json.JSONDecoder().raw_decode(value, len('{"schema":'))
        start = end + len(',"payload":')
    at = start + len('{"before":')
    _, end = json.JSONDecoder().raw_decode(value, at)
    before = value[at:end]
    at = end + len(',"after":')
    _, end = json.JSONDecoder().raw_decode(value, at)
    after = value[at:end]
    return *(None if text == "null" else text for text in (before, after)), schema  # type: ignore[return-value]


def by_topic(images: list[Image]) -> dict[str, list[Any]]:
    """Return the images of each topic, in order, as JSON has them."""
    found: dict[str, list[Any]] = {}
    for image in images:
        found.setdefault(image.topic, []).append(vars(image))
    return found


def expected(case: Case) -> dict[str, list[Any]]:
    """Return Debezium's images, or ours of the topics where they differ on purpose."""
    theirs = by_topic(recorded(case))
    file = case.folder / FILE
    return theirs | json.loads(file.read_text("utf-8"))["images"] if file.exists() else theirs


def accept(case: Case, reason: str, target: MySQLTarget) -> int:
    """Write what differs now; return the number of topics. Nothing differs: the file goes away."""
    ours, theirs = by_topic(replay(case, target)), by_topic(recorded(case))
    differing = {topic: images for topic, images in ours.items() if images != theirs.get(topic)}
    file = case.folder / FILE
    if differing:
        content = {"reason": reason, "images": differing}
        file.write_text(json.dumps(content, ensure_ascii=False, indent=0) + "\n", "utf-8")
    else:
        file.unlink(missing_ok=True)
    return len(differing)


def main(reason: str, names: list[str]) -> None:
    """Accept the named cases (KIND/NAME)."""
    for target_class in (MySQLTarget, MariaDBTarget):
        chosen = [c for c in cases(target_class.kind) if f"{c.kind}/{c.name}" in names]
        if chosen:
            target = target_class()
            for case in chosen:
                print(f"{case.kind}/{case.name}", accept(case, reason, target), "topics")
            target.stop()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
