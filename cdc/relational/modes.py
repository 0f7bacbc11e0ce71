"""How values are handled: the options of relational connectors that decide about types."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Literal

DecimalMode = Literal["precise", "double", "string"]
TimeMode = Literal[
    "adaptive", "adaptive_time_microseconds", "connect", "isostring", "microseconds", "nanoseconds"
]
BinaryMode = Literal["bytes", "base64", "base64-url-safe", "hex"]

DECIMAL_MODES: tuple[DecimalMode, ...] = ("precise", "double", "string")
TIME_MODES: tuple[TimeMode, ...] = (
    "adaptive",
    "adaptive_time_microseconds",
    "connect",
    "isostring",
    "microseconds",
    "nanoseconds",
)
BINARY_MODES: tuple[BinaryMode, ...] = ("bytes", "base64", "base64-url-safe", "hex")

DEFAULT_PLACEHOLDER = "__debezium_unavailable_value"


def parse_placeholder(text: str) -> bytes:
    """Return the octets of `unavailable.value.placeholder`; raises ValueError after a bad `hex:`."""
    return bytes.fromhex(text[4:]) if text.startswith("hex:") else text.encode()


@dataclass(frozen=True, slots=True)
class HandlingModes:
    """The handling modes of one connector; a source adds its own.

    placeholder: octets of `unavailable.value.placeholder`.
    """

    decimal: DecimalMode = "precise"
    time: TimeMode = "adaptive"
    binary: BinaryMode = "bytes"
    placeholder: bytes = DEFAULT_PLACEHOLDER.encode()

    @property
    def placeholder_text(self) -> str:
        """The placeholder as text."""
        return self.placeholder.decode("utf-8", "replace")

    @property
    def placeholder_octets(self) -> list[int]:
        """The placeholder's octets as Java's bytes: what stands for arrays of numbers."""
        return [octet - 256 if octet > 127 else octet for octet in self.placeholder]

    def binary_text(self, data: bytes) -> str:
        """Write octets as the text that `binary.handling.mode` asks for (not for `bytes`)."""
        if self.binary == "hex":
            return data.hex()
        encode = base64.urlsafe_b64encode if self.binary == "base64-url-safe" else base64.b64encode
        return encode(data).decode()
