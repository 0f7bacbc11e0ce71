"""The corpus of MySQL's and MariaDB's DDL: scripts of statements, each run in a database of its own.

A script is a file of `tests/unit/schemas/ddl/corpus/`; each statement follows a line `%%`, which may name the
modes it runs in (or `unrun`: nothing to run on a server, but to be read). The statements build on each other;
what a server refuses leaves no trace there nor with us.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCRIPTS = Path(__file__).parents[2] / "unit" / "schemas" / "ddl" / "corpus"
RECORDED = Path(__file__).parent / "recorded"
DATABASE = "corpus"
SERVER_CHARSETS = {"mysql": "utf8mb4", "mariadb": "latin1"}
"""`character_set_server` of the servers, by product."""


@dataclass(frozen=True)
class Statement:
    """One statement of a script, and the modes that it runs in."""

    script: str
    number: int
    sql: str
    modes: frozenset[str]

    @property
    def name(self) -> str:
        """Return the name of the statement's test."""
        return f"{self.script}-{self.number}"


@dataclass(frozen=True)
class Recording:
    """What a server and Debezium's parser said of a statement.

    refused: the server's error, None where it took the statement. Debezium saw only what was taken:
    changes: [type, table, previous table]; tables: its tableChanges afterwards; error: why it gave up.
    """

    refused: str | None
    changes: tuple[Any, ...] = ()
    tables: tuple[Any, ...] = ()
    error: str | None = None


def scripts() -> dict[str, list[Statement]]:
    """Return the statements of each script."""
    return {file.stem: list(_statements(file)) for file in sorted(SCRIPTS.glob("*.sql"))}


def recordings(server: str) -> dict[str, Recording]:
    """Return what was recorded with a server, by the statement's name."""
    lines = (RECORDED / f"{server}.jsonl").read_text("utf-8").splitlines()
    fields = [json.loads(line) for line in lines]
    return {entry.pop("name"): Recording(**entry) for entry in fields}


def _statements(file: Path) -> Iterator[Statement]:
    for number, part in enumerate(file.read_text("utf-8").removeprefix("%%").split("\n%%"), start=1):
        modes, _, sql = part.partition("\n")
        yield Statement(file.stem, number, sql.removesuffix("\n"), frozenset(modes.split()))
