"""How several processes share the tests (`pytest -n 2`): by folder, whose tests ask for the same servers.

Each process starts the servers that its tests ask for, as one process does; folders are handed out in
the order of `testpaths`, the slow ones first, so that all processes end at about the same time.
"""

from __future__ import annotations

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling


class ByFolder(LoadScopeScheduling):
    """Hand out folders."""

    def __init__(self, config: pytest.Config, log: Producer | None = None) -> None:
        config.option.loadscopereorder = False  # it would put the folders with the most tests first
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        return nodeid.partition("::")[0].rpartition("/")[0]
