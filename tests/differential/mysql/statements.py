"""Random statements, from a seed: on tables that are made, altered, renamed, emptied and dropped meanwhile.

Each table has `id`, which tells its rows apart for ever, and `touch`, which decides what a statement hits.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence

from tests.differential.mysql.session import Column, Statement, Tables
from tests.differential.mysql.values import literal, types

_TABLES = ("t1", "t2", "t3", "T4x")
_COLUMNS = ("a", "b", "c", "d", "E", "f_1", "g$", "i", "j")
_KEPT = ("id", "k2", "touch")
_KEYS = (
    "id int auto_increment primary key",
    "id int auto_increment, k2 varchar(10) not null default 'x', primary key (k2, id), key (id)",
    "id bigint unsigned not null auto_increment unique",
)
_MADE = "(select 5 as id, 'x' as a, 1.5 as b, now() as c, 0 as touch) as made"
_CREATIONS = (
    *("create table {table} ({key}, {definitions}, touch int not null default 0){option}",) * 6,
    "create table if not exists {table} ({key}, {definitions}, touch int not null default 0){option}",
    "create table {table} like {table}",
    "create table {table} (id int auto_increment primary key) select * from " + _MADE,
)
_OPTIONS = ("", " engine=InnoDB", " default charset latin1", " comment='x;y'", " row_format=dynamic")
_PARTITIONED = "/*!50100 partition by key (id) partitions 3 */"
_RULES = ("", " null", " comment 'it''s; -- c'", " not null", " invisible")
_ALTERATIONS = (
    "add column {new} {type}{rule}{place}",
    "add {new} {type}{rule}{place}",
    "add column ({new} {type}, h int)",
    "add column gen int generated always as (touch + 1) virtual{place}",
    "add column gen int generated always as (touch + 1) stored{place}",
    "drop column gen",
    "drop column {own}",
    "modify {own} {type}{rule}{place}",
    "modify touch int not null default 0{place}",
    "modify id int auto_increment{place}",
    "change {own} {new} {type}{place}",
    "rename column {own} to {new}",
    "convert to character set {charset}",
    "default character set {charset}",
    "alter column {own} drop default",
    "add index ({own}(3))",
    "drop primary key, add primary key (id)",
    "rename to {table}",
    "order by id",
    "partition by hash (id) partitions 2",
    "remove partitioning",
    "engine=InnoDB",
    "comment 'new, table'",
    "auto_increment=1000",
    "force",
)
_CHARSETS = ("latin1", "utf8mb4", "utf8mb3", "gbk")
_COMMENTS = ("", "", " /* c1 ' */", " /*!80000 */", " -- x'\n", " # y\n")
_WAYS = ("", "", "", ", algorithm=instant", ", algorithm=inplace, lock=none", ", algorithm=copy")
_MODES = ("ANSI_QUOTES", "ANSI,NO_BACKSLASH_ESCAPES")


class _Words:
    """What the words of a template stand for: each time they are used, something else."""

    def __init__(self, **makers: Callable[[], str]) -> None:
        self._makers = makers

    def __getitem__(self, word: str) -> str:
        return self._makers[word]()


class Statements:
    """Statements for the tables that are there; the same seed on the same server gives the same."""

    def __init__(self, seed: int, dialect: str) -> None:
        self._chance = random.Random(seed)
        self._types = types(dialect)
        self._deck: list[str] = []
        self._ansi = False

    def turn(self, tables: Tables) -> Sequence[Statement]:
        """Return what the client does next: one statement, or some that belong together."""
        if not tables or self._chance.random() < 0.06:
            return self._create()
        table = self._chance.choice(list(tables))
        (make,) = self._chance.choices(list(_TURNS), list(_TURNS.values()))
        return make(self, table, tables[table])

    # -- tables ------------------------------------------------------------------------------

    def _create(self) -> Sequence[Statement]:
        text = self._filled(self._chance.choice(_CREATIONS), ())
        return [Statement(text, "c" if "select" in text else "")]

    def _alter(self, table: str, columns: Sequence[Column]) -> Sequence[Statement]:
        some = self._chance.choices(_ALTERATIONS, k=self._chance.choice((1, 1, 2, 3)))
        actions = ", ".join(self._filled(one, columns) for one in some)
        comment, way = self._chance.choice(_COMMENTS), self._chance.choice(_WAYS)
        return [Statement(f"alter{comment} table {self._quoted(table)} {actions}{way}")]

    def _drop(self, table: str, columns: Sequence[Column]) -> Sequence[Statement]:
        more = f", {self._word(_TABLES)}" if self._chance.random() < 0.3 else ""
        return [Statement(f"drop table {self._quoted(table)}{more}")]

    def _truncate(self, table: str, columns: Sequence[Column]) -> Sequence[Statement]:
        return [Statement(f"truncate {self._quoted(table)}")]

    def _swap(self, table: str, columns: Sequence[Column]) -> Sequence[Statement]:
        one, other = self._quoted(table), self._word(_TABLES)
        return [Statement(f"rename table {one} to away, {other} to {one}, away to {other}")]

    def _hide(self, table: str, columns: Sequence[Column]) -> Sequence[Statement]:
        """Put a temporary table before one: no change of it is anybody's business."""
        name = self._quoted(table)
        return [
            Statement(f"create temporary table {name} (only_here int)"),
            Statement(f"insert into {name} (only_here) values (1)"),
            Statement(f"drop temporary table {name}"),
        ]

    def _mode(self, table: str, columns: Sequence[Column]) -> Sequence[Statement]:
        self._ansi = not self._ansi
        return [Statement(f"set sql_mode = '{self._chance.choice(_MODES) if self._ansi else ''}'")]

    # -- rows --------------------------------------------------------------------------------

    def _transaction(self, table: str, columns: Sequence[Column]) -> Sequence[Statement]:
        made = [Statement("start transaction"), *self._rows(table, columns)]
        if self._chance.random() < 0.4:
            made += [Statement("savepoint s"), *self._rows(table, columns)]
            made += [Statement("rollback to savepoint s"), *self._rows(table, columns)]
        return [*made, Statement(self._chance.choice(("commit", "commit", "rollback")))]

    def _rows(self, table: str, columns: Sequence[Column]) -> Sequence[Statement]:
        own = [column for column in columns if column.name not in _KEPT and not column.generated]
        make = self._chance.choices((self._insert, self._update, self._delete), (55, 30, 15))[0]
        return [make(self._quoted(table), own)]

    def _insert(self, table: str, columns: Sequence[Column]) -> Statement:
        some = [column for column in columns if self._chance.random() < 0.8]
        rows = [self._row(some) for _ in range(self._chance.choice((1, 1, 2, 5)))]
        names = ", ".join(["touch", *(self._quoted(column.name) for column in some)])
        return Statement(f"insert into {table} ({names}) values {', '.join(rows)}", "c")

    def _row(self, columns: Sequence[Column]) -> str:
        cells = [str(self._chance.randrange(4)), *(literal(c.kind, self._chance) for c in columns)]
        return f"({', '.join(cells)})"

    def _update(self, table: str, columns: Sequence[Column]) -> Statement:
        if not columns:
            return self._insert(table, columns)
        column = self._chance.choice(columns)
        change = f"{self._quoted(column.name)} = {literal(column.kind, self._chance)}"
        return Statement(f"update {table} set {change} where touch % 10 = {self._chance.randrange(4)}", "u")

    def _delete(self, table: str, columns: Sequence[Column]) -> Statement:
        return Statement(f"delete from {table} where touch % 10 = {self._chance.randrange(4)} limit 3", "d")

    # -- words -------------------------------------------------------------------------------

    def _filled(self, template: str, columns: Sequence[Column]) -> str:
        names = [column.name for column in columns]
        own = [name for name in names if name not in _KEPT] or ["none"]
        chance = self._chance
        return template.format_map(
            _Words(
                table=lambda: self._word(_TABLES),
                new=lambda: self._word(_COLUMNS),
                own=lambda: self._word(own),
                place=lambda: chance.choice(("", " first", f" after {self._word(names)}")),
                type=self._type,
                rule=lambda: chance.choice(_RULES),
                charset=lambda: chance.choice(_CHARSETS),
                definitions=self._definitions,
                key=lambda: chance.choice(_KEYS),
                option=lambda: chance.choice((*_OPTIONS, _PARTITIONED)),
            )
        )

    def _definitions(self) -> str:
        names = self._chance.sample(_COLUMNS, self._chance.randint(3, 7))
        return ", ".join(f"{self._quoted(name)} {self._type()}" for name in names)

    def _type(self) -> str:
        """Return a type: every one comes up once before one comes up twice."""
        if not self._deck:
            self._deck = self._chance.sample(self._types, len(self._types))
        return self._deck.pop()

    def _word(self, names: Sequence[str]) -> str:
        return self._quoted(self._chance.choice(names))

    def _quoted(self, name: str) -> str:
        marks = ("", "`", '"') if self._ansi else ("", "`")
        mark = self._chance.choice(marks)
        return f"{mark}{name}{mark}"


_TURNS: Mapping[Callable[[Statements, str, Sequence[Column]], Sequence[Statement]], int] = {
    Statements._rows: 50,
    Statements._transaction: 8,
    Statements._alter: 26,
    Statements._swap: 3,
    Statements._drop: 2,
    Statements._truncate: 2,
    Statements._hide: 2,
    Statements._mode: 2,
}
