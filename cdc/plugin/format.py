"""The contract of formats (Connect converters): keys and values as bytes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Protocol

from cdc.batch import ChangeBatch, Images, Texts
from cdc.config import Config
from schemas.connect import Schema


class Format(ABC):
    """Write and read keys or values as bytes (Kafka Connect's Converter).

    A key and its value may have different formats. The slow path works on Connect values and is
    all a simple format needs: `encode` and `decode`. The fast path goes from a source's wire form
    to bytes in generated code: `part` says how an image or key is written, `finish_keys` and
    `finish_values` turn what came out into bytes. Raises EncodeError / DecodeError.
    """

    config_class: ClassVar[type[Config]] = Config

    def __init__(self, config: Config, *, is_key: bool) -> None:
        self.config, self.is_key = config, is_key

    @abstractmethod
    def wrap(self, topic: str, schema: Schema | None) -> tuple[bytes, bytes]:
        """Return what stands before and after every payload of this schema."""

    @abstractmethod
    def encode(self, topic: str, schema: Schema | None, values: Sequence[Any]) -> list[bytes | None]:
        """Return the payload of each value (without `wrap`); a null value without schema is None."""

    @abstractmethod
    def decode(
        self, topic: str, payloads: Texts, wrap: tuple[bytes, bytes]
    ) -> list[tuple[Schema | None, Sequence[Any]]]:
        """Return runs of consecutive values that share a schema; all runs together are all payloads.

        A payload's whole text is wrap[0] + payload + wrap[1]: the wrap of the schema, and inside
        of it what the payloads of an encoded batch had in common. Tombstones (None) stay None and
        join the run they stand in.
        """

    def fast_path(self) -> FastPath | None:
        """Return the writer of change batches, or None: they are then encoded from values."""
        return None


class FastPath(Protocol):
    """A format's way from wire form to bytes, for `ChangeBatch`es."""

    def part(self, batch: ChangeBatch, scope: dict[str, Any]) -> Any:
        """Return the `Part` that writes this batch's row images (or keys, for a key format)."""
        ...

    def finish_keys(self, batch: ChangeBatch, keys: Sequence[Any]) -> Texts:
        """Return the key payloads from what the key part made."""
        ...

    def finish_values(self, batch: ChangeBatch, images: Images) -> tuple[Texts, tuple[bytes, bytes]]:
        """Return the envelope payloads from what the row part made, without what all have in common.

        That is the second: what stands before and after each of them, inside of the wrap.
        """
        ...
