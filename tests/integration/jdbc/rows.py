"""A small table of the target, and how it is written and read."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from schemas import connect, logical
from sinks.jdbc import JdbcSink
from tests.fakes.jdbc import Target

TEXT = connect.OPTIONAL_STRING
SIMPLE = {"id": connect.INT64, "name": TEXT, "amount": logical.decimal(2, 12).as_optional()}


def row(number: int, name: str | None = "a", amount: str | None = "1.50") -> dict[str, Any]:
    return {"id": number, "name": name, "amount": None if amount is None else Decimal(amount)}


def put(sink: JdbcSink, *batches: Any) -> Any:
    for batch in batches:
        sink.write(batch)
    return sink.flush()


def names(target: Target, table: str = "srv_public_t") -> dict[int, Any]:
    return dict(target.execute(f'SELECT id, name FROM "{table}" ORDER BY id'))
