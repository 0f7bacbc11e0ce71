from pathlib import Path

import pytest

from tools.layers import check, violation


@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        ("cdc.cli.main", "cdc.rest.app"),
        ("cdc.cli.main", "cdc.runtime.worker.Worker"),
        ("cdc.rest.app", "cdc.runtime.status"),
        ("cdc.runtime.worker", "sinks.jdbc"),
        ("cdc.sources.postgres.source", "cdc.sources.postgres.wire"),
        ("cdc.sources.postgres.source", "snapshot.chunks"),
        ("sinks.jdbc", "cdc.plugin.Sink"),
        ("sinks.jdbc", "sqlalchemy.engine"),
        ("snapshot.chunks", "cdc.batch"),
        ("cdc.batch", "schemas.table"),
        ("schemas.table", "json"),
        ("cdc.sources.postgres.source", "psycopg.pq"),
    ],
)
def test_imports_go_down(importer: str, imported: str) -> None:
    assert violation(importer, imported) is None


@pytest.mark.parametrize(
    ("importer", "imported", "reason"),
    [
        ("cdc.runtime.worker", "cdc.cli.main", "lies below"),
        ("cdc.plugin", "sinks.jdbc", "lies below"),
        ("snapshot.chunks", "cdc.sources.postgres", "lies below"),
        ("schemas.table", "cdc.batch", "lies below"),
        ("cdc.errors", "schemas", "lies below"),
        ("sinks.jdbc", "sinks.file", "siblings"),
        ("sinks.jdbc", "cdc.transport.kafka", "siblings"),
        ("cdc.sources.postgres.source", "cdc.formats.json", "siblings"),
        ("cdc.sources.postgres.source", "cdc.sources.mysql", "siblings"),
        ("cdc.batch", "cdc.config", "siblings"),
        ("sinks.http", "confluent_kafka", "may import"),
        ("cdc.runtime.worker", "psycopg", "may import"),
        ("cdc", "cdc.plugin", "stays light"),
    ],
)
def test_an_import_that_goes_up_or_sideways_is_told(importer: str, imported: str, reason: str) -> None:
    assert reason in str(violation(importer, imported))


def test_lazy_and_typing_imports_count_too(tmp_path: Path) -> None:
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas" / "table.py").write_text("def f():\n    from cdc import batch\n")
    assert check(tmp_path) == [
        "schemas/table.py:2: schemas.table imports cdc.batch: schemas lies below cdc.batch"
    ]


def test_every_module_has_a_layer_and_a_name_that_says_something(tmp_path: Path) -> None:
    (tmp_path / "cdc").mkdir()
    (tmp_path / "cdc" / "stray.py").touch()
    (tmp_path / "cdc" / "errors").mkdir()
    (tmp_path / "cdc" / "errors" / "utils.py").touch()
    assert [line.split(": ", 1)[1] for line in check(tmp_path)] == [
        "a module called utils is no module: name what it does",
        "cdc.stray is in no layer: give it one in tools/layers.py",
    ]
