"""Debezium's envelope around row images, as generated code: one writer for each source block.

What changes from row to row stands between fragments; the fragments are made once a transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from cdc.batch import ChangeBatch, Images, Ref, SourceBlock
from cdc.formats.json.payload import Dumpers
from cdc.formats.json.text import literal, quote, view
from cdc.generated import defined
from schemas.connect import Schema, Type

Write = Callable[[ChangeBatch, Sequence[str], Sequence[str], Sequence[Sequence[str]]], list[bytes]]

_CLOCK = {"ts_ms": "{ns // 1000000}", "ts_us": "{ns // 1000}", "ts_ns": "{ns}"}


_FEWEST = 16
"""Fewer events than that are not worth a wrap of their own in the log."""


def alike(batch: ChangeBatch, images: Images) -> bool:
    """Whether the events differ in nothing but their new image, as those of a snapshot do."""
    count = len(batch)
    columns = (batch.ops, batch.transactions, images.before, *images.extra, *batch.positions)
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


def _block(transaction: str | None, total: int, order: int) -> str:
    if transaction is None:
        return "null"
    return f'{{"id":{_quoted(transaction)},"total_order":{total},"data_collection_order":{order}}}'


def envelope_writer(
    schema: Schema, source: SourceBlock, dumpers: Dumpers, *, with_transaction: bool
) -> Write:
    """Return the function that writes the envelopes of batches with this schema and source block.

    The images and extra members it gets are JSON text in the latin-1 view, `null` where there is none.
    """
    fragments: list[str] = [""]
    between: list[str] = []
    scope: dict[str, Any] = {"quoted": _quoted, "plain": _plain, "block": _block}
    for kind, pieces in groupby(_pieces(source, dumpers), lambda piece: piece[0]):
        text = "".join(piece for _, piece in pieces)
        if kind == _ROW:
            between.append(text)
            fragments.append("")
        elif kind == _FIXED:
            # By name, so that tables which differ in such text alone share their code.
            name = f"c{len(scope)}"
            scope[name] = text
            fragments[-1] += f"{{{name}}}"
        else:
            fragments[-1] += text
    write: Write = defined(_code(schema, fragments, between, with_transaction), scope)["write"]
    return write


_FIXED, _TRANSACTION, _ROW = range(3)
_Piece = tuple[int, str]
"""Text that never changes, or what stands in an f-string for what changes by transaction, or by row."""


def _pieces(source: SourceBlock, dumpers: Dumpers) -> Iterator[_Piece]:
    """Yield the source block, without its braces."""
    for index, (field, part) in enumerate(zip(source.schema.fields, source.fields, strict=True)):
        yield _FIXED, ("," if index else "") + view(quote(field.name)) + ":"
        if isinstance(part, tuple):
            yield _FIXED, '"'
            yield from map(_inside, part)
            yield _FIXED, '"'
        elif not isinstance(part, Ref):
            yield _FIXED, view(dumpers.of(field.schema.as_optional())(part))
        elif part.level == 1:
            yield _ROW, _row(part, field.schema.type is Type.STRING)
        else:
            text = "quoted" if field.schema.type is Type.STRING else "plain"
            yield _TRANSACTION, f"{{{text}(tx[{part.index}])}}"


def _inside(piece: Any) -> _Piece:
    """Return a piece of a joined string; what is referenced is plain by contract."""
    if not isinstance(piece, Ref):
        return _FIXED, view(quote(piece)[1:-1])
    if piece.level == 1:
        return _ROW, f"{{r{piece.index}}}"
    return _TRANSACTION, f"{{quoted(tx[{piece.index}])[1:-1]}}"


def _row(part: Ref, is_text: bool) -> str:
    name = f"r{part.index}"
    if is_text:
        return f"{{quoted({name})}}"
    return f"{{plain({name})}}" if part.nullable else f"{{{name}}}"


def _code(schema: Schema, fragments: list[str], between: list[str], with_transaction: bool) -> str:
    source = "".join(
        f"{{f{index}}}{between[index] if index < len(between) else ''}" for index in range(len(fragments))
    )
    members = {
        "before": "{b}",
        "after": "{a}",
        "source": f"{{{{{source}}}}}",
        "transaction": "null",
        "op": '"{op}"',
    }
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
        members["transaction"] = "{block(tid, total, order)}"
    extra = [field.name for field in schema.fields if field.name not in members.keys() | _CLOCK.keys()]
    for index, name in enumerate(extra):
        names += f", x{index}"
        loop += f", extra[{index}]"
        members[name] = f"{{x{index}}}"
    text, clocks = _envelope(schema, members)
    shared = "\n".join(f"    clock{index} = f'{clock}'" for index, clock in enumerate(clocks))
    assignments = "\n".join(f"            f{i} = f'{text}'" for i, text in enumerate(fragments))
    return f"""
def write(batch, before, after, extra):
    ns = batch.clock_ns
{shared}
    out = []
    add = out.append
    last = None
    for {names} in zip({loop}):
        if tx is not last:
            last = tx
{assignments}
        add(f'{{{{{text}}}}}'.encode('latin-1'))
    return out
"""


def _envelope(schema: Schema, members: Mapping[str, str]) -> tuple[str, list[str]]:
    """Return the f-string text of an envelope's members, and the clocks in it that all rows share."""
    pieces: list[str] = []
    clocks: list[str] = []
    for shared, fields in groupby(schema.fields, lambda field: field.name in _CLOCK):
        values = {field.name: _CLOCK[field.name] if shared else members[field.name] for field in fields}
        text = ",".join(f"{literal(view(quote(name)))}:{value}" for name, value in values.items())
        pieces.append(f"{{clock{len(clocks)}}}" if shared else text)
        if shared:
            clocks.append(text)
    return ",".join(pieces), clocks


def _row_index(expression: str) -> int:
    return int("".join(filter(str.isdigit, expression)))
