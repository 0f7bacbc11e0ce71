"""A source extends the shared options: other words, other values, the same place in the docs."""

from __future__ import annotations

import pytest

from cdc.capture.config.snapshot import snapshot_modes
from cdc.errors import ConfigError
from cdc.relational.config import RelationalConfig
from cdc.relational.config.filters import FilterOptions
from cdc.relational.config.snapshot import SnapshotOptions
from cdc.relational.config.types import TypeOptions, time_modes
from snapshot.modes import MODES, When


class Types(TypeOptions):
    time_precision = time_modes(("connect", "isostring"), "connect")


class Filters(FilterOptions):
    table_include = FilterOptions.table_include.documented("Tables (`database.table`).")


class Snapshot(SnapshotOptions):
    snapshot_mode = snapshot_modes("recovery", old={})


class Extended(Snapshot, Types, RelationalConfig, Filters):
    pass


def test_an_extended_config_keeps_names_and_order() -> None:
    assert [option.name for option in Extended.options] == [
        option.name for option in RelationalConfig.options
    ]
    by_name = {option.name: option for option in Extended.options}
    assert by_name["table.include.list"].doc == "Tables (`database.table`)."
    assert FilterOptions.table_include.doc == "Tables to capture; all by default."
    config = Extended({"topic.prefix": "p", "snapshot.mode": "recovery", "table.include.list": "d.T"})
    assert (config.time_precision, config.snapshot_mode) == ("connect", "recovery")
    assert config.table_include[0].fullmatch("D.t")


def test_a_word_that_this_source_has_not() -> None:
    with pytest.raises(ConfigError, match=r"time\.precision\.mode"):
        Extended({"topic.prefix": "p", "time.precision.mode": "adaptive"})


def test_include_and_exclude_exclude_each_other() -> None:
    with pytest.raises(ConfigError, match=r'"column\.include\.list" is already specified'):
        RelationalConfig({"topic.prefix": "p", "column.include.list": "a", "column.exclude.list": "b"})


def test_an_override_without_its_statement() -> None:
    with pytest.raises(ConfigError, match=r"names d\.t, but there is no option"):
        RelationalConfig({"topic.prefix": "p", "snapshot.select.statement.overrides": "d.t"})


def test_the_mode_that_is_asked_for() -> None:
    assert RelationalConfig({"topic.prefix": "p"}).planned_mode() is MODES["initial"]
    prefix = "snapshot.mode.configuration.based"
    options = {"snapshot.mode": "configuration_based", f"{prefix}.snapshot.data": "true"}
    mode = RelationalConfig({"topic.prefix": "p", **options}).planned_mode()
    assert (mode.data, mode.stream, mode.renew) == (When.UNLESS_DONE, False, False)
