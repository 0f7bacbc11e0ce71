"""XIDs of XA transactions, under one name whatever event they come in."""

from __future__ import annotations

import re

_PART = r"(?:[xX]'([0-9a-fA-F]*)'|'([^']*)'|0[xX]([0-9a-fA-F]+))"
_STATEMENT = re.compile(
    rf"XA\s+(START|BEGIN|END|COMMIT|ROLLBACK|PREPARE)\s+{_PART}(?:\s*,\s*{_PART}(?:\s*,\s*(\d+))?)?(.*)",
    re.IGNORECASE | re.DOTALL,
)


def xid_text(form: int, transaction: bytes, branch: bytes) -> str:
    """Return an XID as the servers write it into the log: `X'6162',X'',1`."""
    return f"X'{transaction.hex()}',X'{branch.hex()}',{form}"


def xa_statement(sql: str) -> tuple[str, str, bool] | None:
    """Return verb, XID and whether it says ONE PHASE; None for what is no XA statement.

    https://dev.mysql.com/doc/refman/8.0/en/xa-statements.html
    """
    found = _STATEMENT.match(sql)
    if found is None:
        return None
    verb, *parts, form, rest = found.groups()
    transaction, branch = _octets(parts[:3]), _octets(parts[3:])
    name = xid_text(1 if form is None else int(form), transaction, branch)
    return verb.upper(), name, "ONE PHASE" in rest.upper()


def _octets(parts: list[str | None]) -> bytes:
    quoted, text, number = parts
    if text is not None:
        return text.encode()
    return bytes.fromhex(quoted or number or "")
