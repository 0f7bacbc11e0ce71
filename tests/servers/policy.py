"""What happens when a server cannot be had: a skip on a laptop, a failure in CI."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Never

import pytest


class Unavailable(Exception):
    """Say why a server cannot be provided on this machine."""


def required(name: str) -> bool:
    """Tell whether `CDC_TEST_REQUIRE` (comma-separated names, or `all`) asks for `name`."""
    names = {part.strip() for part in os.environ.get("CDC_TEST_REQUIRE", "").split(",")}
    return bool(names & {name, "all"})


def missing(name: str, reason: str) -> Never:
    """Fail the test if the server is required here, skip it otherwise."""
    if required(name):
        pytest.fail(f"{name} is required (CDC_TEST_REQUIRE) but {reason}", pytrace=False)
    pytest.skip(f"{name}: {reason}")


@contextmanager
def require(name: str) -> Iterator[None]:
    """Turn :class:`Unavailable` raised inside into a skip, or a failure where `name` is required."""
    try:
        yield
    except Unavailable as error:
        missing(name, str(error))
