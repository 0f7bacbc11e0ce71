"""Targets of the JDBC sink."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.jdbc import DIALECTS, Target


@pytest.fixture(params=DIALECTS)
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Target:
    return Target(request.param, request, tmp_path)


@pytest.fixture
def postgres_target(request: pytest.FixtureRequest, tmp_path: Path) -> Target:
    return Target("postgresql", request, tmp_path)


@pytest.fixture(autouse=True)
def _streams_of_fewer_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Send rows while more are read long before as many have come as in production."""
    monkeypatch.setattr("sinks.jdbc.sink.STREAM_ROWS", 1000)
