"""Where our definitions are not Debezium's: run as a module, it accepts what differs now.

A line is a statement's number, and what is new in the difference of the table: Debezium's, then ours.
Why each is there, stands in docs/adr/0020-mysql-ddl.md.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from schemas.ddl import UnknownTable, UnparseableDdl
from schemas.definition import ChangeKind, TableChange
from schemas.table_documents import history_document
from tests.golden.mysql_ddl.corpus import SERVER_CHARSETS, Recording, recordings, scripts
from tests.golden.mysql_ddl.follow import Follower

FOLDER = Path(__file__).parent / "recorded"


def differences(product: str) -> Iterator[str]:
    """Yield what is new in the differences, statement by statement."""
    recorded = recordings(product)
    for statements in scripts().values():
        follower, known = Follower(product), set[str]()
        for statement in statements:
            recording = recorded[statement.name]
            if recording.refused is not None:
                continue
            try:
                changes = follower.follow(statement)
            except UnparseableDdl as error:
                yield f"{statement.name}: asked of the server: {error.reason}"
                continue
            if recording.error is not None:
                yield f"{statement.name}: only we understand it"
                continue
            found = set(_compare(follower, recording, changes))
            yield from (f"{statement.name}: {line}" for line in sorted(found - known))
            known = found | known


def _compare(follower: Follower, recording: Recording, changes: list[Any]) -> Iterator[str]:
    theirs = {change["id"]: change for change in recording.tables}
    for change in changes:
        table = follower.schema.get(change.id)
        if isinstance(change, UnknownTable):
            yield f"{change.id} asked of the server: {change.reason}"
        if table is None:
            continue
        document = history_document(TableChange(ChangeKind.CREATE, table.id, table))
        debezium = theirs.get(document["id"])
        if debezium is None:
            yield f"{change.id}: only we know the change"
        else:
            yield from _lines(document["id"], _flat(debezium), _flat(document))
    ours = {(change.id.catalog, change.id.table) for change in changes}
    for _, name, _ in recording.changes:
        if tuple(name.split(".", 1)) not in ours:
            yield f"{name}: only Debezium knows a change"


def _flat(change: dict[str, Any]) -> dict[str, Any]:
    table = change["table"]
    flat = {"comment": change.get("comment"), "columns": [column["name"] for column in table["columns"]]}
    flat |= {name: value for name, value in table.items() if name not in ("columns", "attributes")}
    # Of indexes we tell everybody, Debezium nobody.
    flat["attributes"] = [a for a in table["attributes"] if not a["name"].startswith("index.")]
    for column in table["columns"]:
        fields = {name: value for name, value in column.items() if name not in ("position", "typeExpression")}
        flat |= {f"{column['name']}.{name}": value for name, value in fields.items()}
    return flat


def _lines(name: str, debezium: dict[str, Any], ours: dict[str, Any]) -> Iterator[str]:
    both = {f"{column}." for column in debezium["columns"]} & {f"{column}." for column in ours["columns"]}
    for field in debezium.keys() | ours.keys():
        comparable = "." not in field or field[: field.rindex(".") + 1] in both
        if comparable and debezium.get(field) != ours.get(field):
            yield f"{name} {field}: {debezium.get(field)!r} {ours.get(field)!r}"


def accepted(product: str) -> Path:
    """Return the file of the accepted differences."""
    return FOLDER / f"{product}.differences"


if __name__ == "__main__":
    for name in SERVER_CHARSETS:
        accepted(name).write_text("\n".join(differences(name)) + "\n", "utf-8")
