"""The publication: what the server sends. Made and kept as `publication.autocreate.mode` says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from cdc.errors import ServerNotReady
from cdc.sources.postgres.catalog import CatalogTable
from cdc.sources.postgres.config import PostgresConfig

if TYPE_CHECKING:
    from psycopg import Connection

_PUBLICATION = """
SELECT pubviaroot, pubinsert, pubupdate, pubdelete, pubtruncate FROM pg_publication WHERE pubname = %s
"""
_MEMBERS = """
SELECT members.relid FROM pg_publication_tables published
JOIN pg_class c ON c.relname = published.tablename
JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = published.schemaname
CROSS JOIN LATERAL (
    SELECT c.oid AS relid UNION SELECT relid FROM pg_partition_tree(c.oid)
    UNION SELECT relid FROM pg_partition_ancestors(c.oid)
) members
WHERE published.pubname = %s
"""
"""The tables of a publication, whichever level of a partition tree they are named at."""
_PUBLISH = {"c": "insert", "u": "update", "d": "delete", "t": "truncate"}


def ensure_publication(
    connection: Connection, config: PostgresConfig, captured: Sequence[CatalogTable]
) -> None:
    """Create the publication, or bring its tables up to date (`filtered`).

    Raises ServerNotReady with the statement to run when there is none and none may be made.
    """
    name, mode = config.publication_name, config.publication_autocreate_mode
    exists = connection.execute("SELECT 1 FROM pg_publication WHERE pubname = %s", (name,)).fetchone()
    if exists:
        if mode == "filtered":
            _require_tables(config, captured)
            connection.execute(f"ALTER PUBLICATION {quote(name)} SET TABLE {_tables(captured)}".encode())
        return
    if mode == "disabled":
        raise ServerNotReady(
            f"The publication {name!r} does not exist and publication.autocreate.mode is disabled",
            hint=f"run: CREATE PUBLICATION {quote(name)} FOR TABLE {_tables(captured) or '…'}",
        )
    target = {"all_tables": " FOR ALL TABLES", "no_tables": ""}.get(mode)
    if target is None:
        _require_tables(config, captured)
        target = f" FOR TABLE {_tables(captured)}"
    connection.execute(f"CREATE PUBLICATION {quote(name)}{target}{_options(config, mode)}".encode())


def publication_warnings(
    connection: Connection, config: PostgresConfig, captured: Sequence[CatalogTable]
) -> Iterator[str]:
    """Yield what the publication, which may be somebody else's, withholds of what the config asks for."""
    name = config.publication_name
    row = connection.execute(_PUBLICATION.encode(), (name,)).fetchone()
    if row is None:
        return
    via_root, *published = row
    if via_root != config.publish_via_partition_root:
        yield (
            f"publish.via.partition.root is {str(config.publish_via_partition_root).lower()}, but the "
            f"publication says otherwise, and counts; run: ALTER PUBLICATION {quote(name)} "
            f"SET (publish_via_partition_root = {str(config.publish_via_partition_root).lower()})"
        )
    missing = [
        word
        for (op, word), there in zip(_PUBLISH.items(), published, strict=True)
        if not there and op not in config.skipped_operations
    ]
    if missing:
        yield (
            f"The publication {name} leaves out {', '.join(missing)}, which skipped.operations does not; "
            f"run: ALTER PUBLICATION {quote(name)} SET (publish = '{', '.join(_PUBLISH.values())}')"
        )
    yield from _unpublished(connection, name, captured)


def _unpublished(connection: Connection, name: str, captured: Sequence[CatalogTable]) -> Iterator[str]:
    """Yield the captured tables whose changes the server will not send."""
    published = {oid for (oid,) in connection.execute(_MEMBERS.encode(), (name,))}
    missing = [table for table in captured if table.oid not in published]
    if missing:
        yield (
            f"The publication {name} has not the captured tables "
            f"{', '.join(table.full_name for table in missing)}: their changes will not come; "
            f"run: ALTER PUBLICATION {quote(name)} ADD TABLE {_tables(missing)}"
        )


def _options(config: PostgresConfig, mode: str) -> str:
    options = []
    # Only what was asked for: a publication made by the default would go on without truncates when
    # somebody wants them later.
    if mode in ("all_tables", "filtered") and "skipped.operations" in config.raw:
        published = [word for op, word in _PUBLISH.items() if op not in config.skipped_operations]
        if len(published) < len(_PUBLISH):
            options.append(f"publish = '{', '.join(published)}'")
    if config.publish_via_partition_root:
        options.append("publish_via_partition_root = true")
    return f" WITH ({', '.join(options)})" if options else ""


def _require_tables(config: PostgresConfig, captured: Sequence[CatalogTable]) -> None:
    if not captured:
        raise ServerNotReady(
            f"No table filters found for filtered publication {config.publication_name!r}: no table matches",
            hint="check table.include.list and schema.include.list; names are schema.table",
        )


def _tables(tables: Sequence[CatalogTable]) -> str:
    return ", ".join(f"{quote(table.schema)}.{quote(table.name)}" for table in tables)


def quote(identifier: str) -> str:
    """Quote an identifier."""
    return '"' + identifier.replace('"', '""') + '"'
