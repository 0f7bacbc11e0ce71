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
