"""Filters, keys and columns by their full names."""

from __future__ import annotations

from cdc.relational.capture_rules import CaptureRules
from cdc.relational.column_type import ColumnType
from cdc.relational.columns import ColumnMaker, SourceType
from cdc.relational.config import RelationalConfig
from cdc.relational.masks import Stars
from cdc.relational.text_view import TEXT
from schemas import connect
from schemas.table import Column, TableId

STRING = ColumnType(connect.STRING, TEXT, "", "?", character=True)
SHOP = TableId("shop", "", "orders")


def config(**options: str) -> RelationalConfig:
    return RelationalConfig(
        {"topic.prefix": "p", **{name.replace("_", "."): text for name, text in options.items()}}
    )


def column(maker: ColumnMaker, name: str, masked: bool = True, default: str | None = None) -> Column:
    return maker.make(
        "shop.orders",
        name,
        STRING,
        optional=False,
        default=default,
        type_name="varchar(20)",
        source_type=SourceType("varchar", 20, 0, "what"),
        masked=masked,
    )


def test_key_columns_stay_in_the_key_unmasked_although_they_are_not_captured() -> None:
    options = config(column_exclude_list="shop.orders.id", column_mask_with_3_chars="shop.orders.(id|v)")
    maker = ColumnMaker(options)
    table = CaptureRules(options).table(
        SHOP, "shop.orders", ("id", "v"), ("id",), lambda name, masked: column(maker, name, masked)
    )
    assert table.names == ("v",)
    assert [one.name for one in table.key] == ["id"]
    assert table.key[0].codec == STRING.codec
    assert table.columns[0].codec == Stars(3).apply(STRING).codec


def test_message_key_columns_replace_the_key() -> None:
    rules = CaptureRules(config(message_key_columns="shop[.]o.*:v,w;.*:id"))
    assert rules.key_names("shop.ORDERS", ("id",)) == ("v", "w")
    assert rules.key_names("shop.items", ("n",)) == ("id",)
    assert CaptureRules(config()).key_names("shop.orders", ("n",)) == ("n",)


def test_tables_pass_by_their_full_name() -> None:
    rules = CaptureRules(config(table_include_list="shop[.]o.*"))
    assert rules.wants_table("shop.orders")
    assert not rules.wants_table("shop.items")


def test_patterns_that_fit_nothing_are_told() -> None:
    options = config(
        column_include_list="shop.orders.id,shop.orders.gone", message_key_columns="shop.orders:no;x:y"
    )
    warnings = list(CaptureRules(options).warnings([("shop.orders", ("id", "v"))]))
    assert warnings == [
        "column.include.list: shop.orders.gone matches no column of a captured table",
        "message.key.columns: shop.orders has no column no",
        "message.key.columns: x matches no captured table",
    ]


def test_without_patterns_no_table_is_looked_at() -> None:
    def tables() -> object:
        raise AssertionError
        yield

    assert list(CaptureRules(config()).warnings(tables())) == []  # type: ignore[arg-type]


def test_a_column_says_its_source_type_where_it_is_asked_to() -> None:
    want = {"type": "VARCHAR", "length": "20", "scale": "0", "comment": "what", "name": "v"}
    for options in (
        config(column_propagate_source_type="shop.orders.v"),
        config(datatype_propagate_source_type="shop.orders.VARCHAR"),
    ):
        schema = column(ColumnMaker(options), "v").schema
        assert dict(schema.parameters) == {f"__debezium.source.column.{k}": v for k, v in want.items()}
        assert not column(ColumnMaker(options), "v", masked=False).schema.parameters


def test_what_stands_for_a_missing_value_is_the_default() -> None:
    maker = ColumnMaker(config(field_name_adjustment_mode="avro"))
    assert column(maker, "v", default="x").fallback == "x"
    assert column(maker, "v").fallback == ""
    assert column(maker, "1-v").name == "_1_v"
