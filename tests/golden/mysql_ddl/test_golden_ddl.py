"""The DDL corpus, as real Debezium's parsers have it."""

import pytest

from tests.golden.mysql_ddl.corpus import SERVER_CHARSETS, recordings, scripts
from tests.golden.mysql_ddl.differences import accepted, differences


@pytest.mark.parametrize("product", SERVER_CHARSETS)
def test_definitions_are_debeziums(product: str) -> None:
    assert list(differences(product)) == accepted(product).read_text("utf-8").splitlines()


@pytest.mark.parametrize("product", SERVER_CHARSETS)
def test_every_statement_is_recorded(product: str) -> None:
    names = [statement.name for statements in scripts().values() for statement in statements]
    assert list(recordings(product)) == names
    assert sum(recording.refused is None for recording in recordings(product).values()) > 350
