"""Random tables, and random statements on them, from a seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.differential.values import TYPES

PREPARE = """
CREATE EXTENSION citext; CREATE EXTENSION hstore; CREATE EXTENSION ltree;
CREATE TYPE mood AS ENUM ('sad', 'so so', 'é☃', '{}');
CREATE TABLE zz_end (id int PRIMARY KEY);
"""
_KEYS = ("integer", "bigint", "text", "uuid", "numeric(12,4)", "date", "timestamptz", "varchar(40)")


@dataclass
class Table:
    """A table of the script: columns by name, with their types."""

    name: str
    key: tuple[str, ...]
    identity: str
    columns: dict[str, str]
    rows: int = 0
    serial: int = field(default=0)


class Script:
    """Statements, one transaction a text; the same seed gives the same."""

    def __init__(self, seed: int, tables: int = 10) -> None:
        self._chance = random.Random(seed)
        self._types = list(TYPES)
        self._chance.shuffle(self._types)
        self.tables = [self._table(number) for number in range(tables)]

    def _table(self, number: int) -> Table:
        chance = self._chance
        # Every type comes up once before one comes up twice.
        size = len(self._types) // 10 + 1
        own = self._types[number * size : (number + 1) * size] or chance.sample(self._types, 3)
        columns = {f"c{index}": kind for index, kind in enumerate(own + chance.sample(self._types, 2))}
        key = tuple(f"k{index}" for index in range(chance.choice((0, 1, 1, 1, 2))))
        kinds = {name: chance.choice(_KEYS) for name in key}
        identity = (
            chance.choice(("DEFAULT", "FULL", "DEFAULT")) if key else chance.choice(("FULL", "NOTHING"))
        )
        return Table(f"t{number}", key, identity, {"serial": "integer", **kinds, **columns})

    def setup(self) -> Iterator[str]:
        """Yield what makes the tables and the rows of the snapshot."""
        yield PREPARE
        for table in self.tables:
            columns = [f"{name} {kind}{self._default(name, kind)}" for name, kind in table.columns.items()]
            if table.key:
                columns.append(f"PRIMARY KEY ({', '.join(table.key)})")
            yield f"CREATE TABLE {table.name} ({', '.join(columns)})"
            yield f"ALTER TABLE {table.name} REPLICA IDENTITY {table.identity}"
            for _ in range(15):
                yield self._insert(table)
            if table.key:
                # Debezium reads rows as they are stored, we along the key.
                yield f"CLUSTER {table.name} USING {table.name}_pkey"

    def _default(self, name: str, kind: str) -> str:
        roll = self._chance.random()
        if name.startswith("c") and roll < 0.15:
            return f" NOT NULL DEFAULT {self._value(kind, nulls=False)}"
        return ""

    def stream(self, transactions: int) -> Iterator[str]:
        """Yield what happens while both connectors stream."""
        for _ in range(transactions):
            if self._chance.random() < 0.02:
                yield self._alter(self._chance.choice(self.tables))
                continue
            count = self._chance.choice((1, 1, 2, 5, 12))
            statements = [self._change(self._chance.choice(self.tables)) for _ in range(count)]
            yield ";\n".join(["BEGIN", *statements, self._chance.choice(("COMMIT",) * 9 + ("ROLLBACK",))])

    def _change(self, table: Table) -> str:
        roll = self._chance.random()
        if roll < 0.45 or table.identity == "NOTHING":
            return self._insert(table)
        row = f"serial = {self._chance.randrange(table.serial + 1)}"
        if roll < 0.85:
            names = [name for name in table.columns if name.startswith("c")]
            if self._chance.random() < 0.1:
                names = list(table.key) or names
            some = self._chance.sample(names, self._chance.randint(1, len(names)))
            sets = [f"{name} = {self._cell(name, table.columns[name])}" for name in some]
            return f"UPDATE {table.name} SET {', '.join(sets)} WHERE {row}"
        return f"DELETE FROM {table.name} WHERE {row}"

    def _insert(self, table: Table) -> str:
        table.serial += 1
        values = [str(table.serial)]
        names = [name for name in table.columns if name != "serial"]
        values += [self._cell(name, table.columns[name]) for name in names]
        columns = ", ".join(["serial", *names])
        return f"INSERT INTO {table.name} ({columns}) VALUES ({', '.join(values)}) ON CONFLICT DO NOTHING"

    def _cell(self, name: str, kind: str) -> str:
        return self._value(kind, nulls=not name.startswith("k"))

    def _value(self, kind: str, *, nulls: bool) -> str:
        if nulls and self._chance.random() < 0.12:
            return "DEFAULT"  # NULL, where the column has none
        made = TYPES[kind](self._chance)
        if kind == "text" and nulls and self._chance.random() < 0.03:
            made *= 400  # large enough to be stored apart, and left out of later updates
        quoted = made.replace("'", "''")
        return f"'{quoted}'::{kind}"

    def _alter(self, table: Table) -> str:
        added = [name for name in table.columns if name.startswith("cx")]
        if added and self._chance.random() < 0.4:
            del table.columns[added[0]]
            return f"ALTER TABLE {table.name} DROP COLUMN {added[0]}"
        name, kind = f"cx{table.serial}_{len(table.columns)}", self._chance.choice(self._types)
        table.columns[name] = kind
        return f"ALTER TABLE {table.name} ADD COLUMN {name} {kind}"
