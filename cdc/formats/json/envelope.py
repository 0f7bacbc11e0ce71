"""Debezium's envelope around row images, as generated code: one writer for each source block.

What changes from row to row stands between fragments; the fragments are made once a transaction.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cdc.batch import ChangeBatch, Ref, SourceBlock
from cdc.formats.json.payload import Dumpers
from cdc.formats.json.text import literal, quote, view
from schemas.connect import Schema, Type

Write = Callable[[ChangeBatch, list[str], list[str]], list[bytes]]


_FEWEST = 16
"""Fewer events than that are not worth a wrap of their own in the log."""


def alike(batch: ChangeBatch, before: list[str]) -> bool:
    """Whether the events differ in nothing but their new image, as those of a snapshot do."""
    count = len(batch)
    columns = (batch.ops, batch.transactions, before, *batch.positions)
    return (
        count >= _FEWEST
        and batch.ops[0] in "rc"
        and batch.transaction is None
        and all(column.count(column[0]) == count for column in columns)
    )


def _quoted(value: Any) -> str:
    return "null" if value is None else view(quote(value))


def _plain(value: Any) -> str:
    return "null" if value is None else str(value)


def envelope_writer(source: SourceBlock, dumpers: Dumpers, *, with_transaction: bool) -> Write:
    """Return the function that writes the envelopes of batches with this source block.

    The images it gets are JSON text in the latin-1 view, `null` where there is none.
    """
    fragments: list[str] = [""]
    between: list[str] = []
    for index, (field, part) in enumerate(zip(source.schema.fields, source.fields, strict=True)):
        label = literal(("," if index else "") + view(quote(field.name)) + ":")
        fragments[-1] += label
        for piece in _pieces(part, field.schema, dumpers):
            if piece.startswith("row:"):
                between.append(piece[4:])
                fragments.append("")
            else:
                fragments[-1] += piece
    code = _code(fragments, between, with_transaction)
    namespace: dict[str, Any] = {"quoted": _quoted, "plain": _plain}
    exec(code, namespace)  # noqa: S102 - made of literals and indices only
    write: Write = namespace["write"]
    return write


def _pieces(part: Any, schema: Schema, dumpers: Dumpers) -> list[str]:
    """Return pieces of f-string text; those that start with `row:` are row-level expressions."""
    if isinstance(part, tuple):
        return ['"', *(piece for one in part for piece in _inside(one)), '"']
    if not isinstance(part, Ref):
        return [literal(view(dumpers.of(schema.as_optional())(part)))]
    if part.level == 1:
        return [_row(part, schema.type is Type.STRING)]
    text = "quoted" if schema.type is Type.STRING else "plain"
    return [f"{{{text}(tx[{part.index}])}}"]


def _inside(piece: Any) -> list[str]:
    """Return a piece of a joined string; what is referenced is plain by contract."""
    if not isinstance(piece, Ref):
        return [literal(view(quote(piece)[1:-1]))]
    if piece.level == 1:
        return [f"row:{{r{piece.index}}}"]
    return [f"{{quoted(tx[{piece.index}])[1:-1]}}"]


def _row(part: Ref, is_text: bool) -> str:
    name = f"r{part.index}"
    if is_text:
        return f"row:{{quoted({name})}}"
    return f"row:{{plain({name})}}" if part.nullable else f"row:{{{name}}}"


def _code(fragments: list[str], between: list[str], with_transaction: bool) -> str:
    source = "".join(
        f"{{f{index}}}{between[index] if index < len(between) else ''}" for index in range(len(fragments))
    )
    transaction = "null"
    loop = "before, after, batch.ops, batch.transactions"
    names = "b, a, op, tx"
    for index in sorted({_row_index(expression) for expression in between}):
        names += f", r{index}"
        loop += f", batch.positions[{index}]"
    if with_transaction:
        names += ", tid, total, order"
        loop += (
            ", batch.transaction.ids, batch.transaction.total_order, batch.transaction.data_collection_order"
        )
        transaction = '{{"id":{quoted(tid)},"total_order":{total},"data_collection_order":{order}}}'
    assignments = "\n".join(f"            f{i} = f'{text}'" for i, text in enumerate(fragments))
    return f"""
def write(batch, before, after):
    ns = batch.clock_ns
    clock = f'"ts_ms":{{ns // 1000000}},"ts_us":{{ns // 1000}},"ts_ns":{{ns}}}}}}'
    out = []
    add = out.append
    last = None
    for {names} in zip({loop}):
        if tx is not last:
            last = tx
{assignments}
        add(f'{{{{"before":{{b}},"after":{{a}},"source":{{{{{source}}}}},"transaction":{transaction},"op":"{{op}}",{{clock}}'.encode('latin-1'))
    return out
"""


def _row_index(expression: str) -> int:
    return int("".join(filter(str.isdigit, expression)))
