"""PostgreSQL's types as the catalog describes them, loaded by oid when they are met."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

SESSION_SETTINGS: Mapping[str, str] = {
    "TimeZone": "UTC",
    "DateStyle": "ISO, MDY",
    "IntervalStyle": "postgres",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "lc_monetary": "C",
    "client_encoding": "UTF8",
}
"""What every session that reads values must have set: the codecs read these text forms only."""

MONEY_SCALE_QUERY = "SELECT scale(1::money::numeric)"
"""The fraction digits of the database's own lc_monetary: run it before `lc_monetary` is set to C."""

TYPE_QUERY = """\
SELECT t.oid, t.typname, n.nspname, t.typtype::text, t.typcategory::text, t.typbasetype, t.typtypmod,
       t.typelem, t.typdelim::text, t.typsubscript = 'pg_catalog.array_subscript_handler'::regproc,
       pg_catalog.pg_type_is_visible(t.oid),
       ARRAY(SELECT e.enumlabel::text FROM pg_catalog.pg_enum e
             WHERE e.enumtypid = t.oid ORDER BY e.enumsortorder)
FROM pg_catalog.pg_type t
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
WHERE t.oid = ANY ($1)"""
"""Rows for `TypeCatalog.learn`; its one parameter is an array of oids."""


class Kind(StrEnum):
    """What pg_type.typtype says, arrays told apart."""

    BASE = "b"
    COMPOSITE = "c"
    DOMAIN = "d"
    ENUM = "e"
    MULTIRANGE = "m"
    PSEUDO = "p"
    RANGE = "r"
    ARRAY = "array"


@dataclass(frozen=True, slots=True)
class TypeInfo:
    """One type. `base` and `base_typmod` are a domain's, `element` and `delimiter` an array's.

    `builtin` is the type's name where it lives in pg_catalog, `name` always. `visible` says that
    the session's search_path finds it.
    """

    oid: int
    name: str
    namespace: str = "pg_catalog"
    kind: Kind = Kind.BASE
    base: TypeInfo | None = None
    base_typmod: int = -1
    element: TypeInfo | None = None
    delimiter: str = ","
    labels: tuple[str, ...] = ()
    visible: bool = True

    @property
    def builtin(self) -> bool:
        """Whether PostgreSQL itself defines the type."""
        return self.namespace == "pg_catalog"

    def root(self, typmod: int) -> tuple[TypeInfo, int]:
        """Follow domains down to the type under them, with the type modifier that holds there."""
        info = self
        while info.base is not None:
            info, typmod = info.base, info.base_typmod if info.base_typmod >= 0 else typmod
        return info, typmod


Fetch = Callable[[Sequence[int]], Iterable[Sequence[Any]]]
"""Runs TYPE_QUERY for some oids and returns its rows."""


class TypeCatalog:
    """Know the types of a database; asks for what it does not know.

    `fetch` runs TYPE_QUERY: rows of (int, str, str, str, str, int, int, int, str, bool, bool, list of
    str). Types do not change but for enum labels and domains: `forget` after a DDL or an unknown label.
    """

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._rows: dict[int, Sequence[Any]] = {}
        self._types: dict[int, TypeInfo] = {}

    def __getitem__(self, oid: int) -> TypeInfo:
        """Return the type; raises KeyError when the database has none with this oid."""
        known = self._types.get(oid)
        if known is None:
            self.load([oid])
            known = self._types[oid] = self._build(oid)
        return known

    def load(self, oids: Iterable[int]) -> None:
        """Fetch these types and what they are made of, in as few queries as their depth needs."""
        wanted = {oid for oid in oids if oid not in self._rows}
        while wanted:
            rows = {row[0]: row for row in self._fetch(sorted(wanted))}
            self._rows.update(rows)
            parts = {part for row in rows.values() for part in (row[5], row[7]) if part}
            wanted = parts - self._rows.keys()

    def forget(self) -> None:
        """Forget what can change: everything outside pg_catalog."""
        self._rows = {oid: row for oid, row in self._rows.items() if row[2] == "pg_catalog"}
        self._types = {oid: info for oid, info in self._types.items() if info.builtin}

    def _build(self, oid: int) -> TypeInfo:
        (
            _,
            name,
            namespace,
            typtype,
            category,
            base,
            typmod,
            element,
            delimiter,
            subscripted,
            visible,
            labels,
        ) = self._rows[oid]
        # oidvector and int2vector subscript like arrays, but print otherwise; their category is A, too.
        is_array = category == "A" and subscripted and bool(element) and name.startswith("_")
        kind = Kind.ARRAY if typtype == "b" and is_array else Kind(typtype)
        return TypeInfo(
            oid,
            name,
            namespace,
            kind,
            base=self[base] if base else None,
            base_typmod=typmod,
            element=self[element] if kind is Kind.ARRAY else None,
            delimiter=self._rows[element][8] if kind is Kind.ARRAY else delimiter,
            labels=tuple(labels or ()),
            visible=visible,
        )
