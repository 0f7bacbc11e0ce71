"""The contracts of transforms and of the predicates that choose what they apply to."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import ClassVar

from cdc.batch import Batch
from cdc.config import Config


class Transform(ABC):
    """Change, route, drop or add records between a source (or the log) and what comes next."""

    config_class: ClassVar[type[Config]] = Config

    def __init__(self, config: Config) -> None:
        self.config = config

    @abstractmethod
    def apply(self, batch: Batch) -> Iterable[Batch]:
        """Return what becomes of the batch: usually one batch, none when all is dropped.

        The batch may be given new columns; those that it has stay as they are, and the values in them: after
        an error the same records come again.
        """

    def close(self) -> None:  # noqa: B027
        """Release what was opened."""


class Predicate(ABC):
    """Choose the records that a transform applies to."""

    config_class: ClassVar[type[Config]] = Config

    def __init__(self, config: Config) -> None:
        self.config = config

    @abstractmethod
    def test(self, batch: Batch) -> bool | Sequence[bool]:
        """Return one verdict for the whole batch, or one a record."""
