"""Documents for the EJSON writers, as BSON: every type, at its edges.

Made byte by byte: no driver writes duplicate keys, the deprecated types or text that is not UTF-8.
"""

import struct
import unicodedata
from collections.abc import Iterator
from itertools import groupby


def element(kind: int, name: str | bytes, payload: bytes) -> bytes:
    """Return one element of a document."""
    return bytes([kind]) + (name.encode() if isinstance(name, str) else name) + b"\0" + payload


def document(*elements: bytes) -> bytes:
    """Return a document of elements."""
    body = b"".join(elements)
    return struct.pack("<i", len(body) + 5) + body + b"\0"


def array(*values: tuple[int, bytes]) -> bytes:
    """Return an array of (type, payload) pairs."""
    return document(*(element(kind, str(i), payload) for i, (kind, payload) in enumerate(values)))


def text(value: str | bytes) -> bytes:
    """Return a string's payload."""
    octets = value.encode() if isinstance(value, str) else value
    return struct.pack("<i", len(octets) + 1) + octets + b"\0"


def double(value: float) -> bytes:
    return struct.pack("<d", value)


def int32(value: int) -> bytes:
    return struct.pack("<i", value)


def int64(value: int) -> bytes:
    return struct.pack("<q", value)


def binary(subtype: int, octets: bytes) -> bytes:
    inner = struct.pack("<i", len(octets)) + octets if subtype == 2 else octets
    return struct.pack("<i", len(inner)) + bytes([subtype]) + inner


def decimal(high: int, low: int) -> bytes:
    return struct.pack("<QQ", low, high)


def scoped(code: str, scope: bytes) -> bytes:
    body = text(code) + scope
    return struct.pack("<i", len(body) + 4) + body


OID = bytes.fromhex("596e275826f08b2730779e1f")
_EXPONENT = 0x3040  # of Decimal128 with exponent 0

_DOUBLES = (
    *(
        0.0,
        -0.0,
        1.0,
        -1.5,
        0.1,
        12.34,
        100.0,
        1e6,
        9999999.0,
        1e7,
        1.0e10,
        123456789.125,
        1e-3,
        1e-4,
        2.5e-5,
    ),
    *(1e21, 1.7976931348623157e308, 5e-324, 2.2250738585072014e-308, float("nan"), float("inf")),
    *(float("-inf"), 3.141592653589793, -123456.75, 4503599627370496.5),
)
_DATES = (
    *(
        0,
        1,
        999,
        1000,
        1600000000123,
        1600000000120,
        1600000000100,
        253402300799999,
        253402300800000,
        -1,
        -1000,
    ),
    *(-62135596800000, -62135596800001, 2**63 - 1, -(2**63), 951782400000, 32503680000000, 1582934400010),
)
_TEXTS = (
    *(
        "",
        "Anne",
        'say "hi" \\ /',
        "\b\f\n\r\t\0\x01\x1f\x7f",
        "é ü ß",
        "日本語",
        "😀👍🏽",
        "\u00a0\u00ad\u200b\u2028\u2029",
    ),
    *(
        "e\u0301 \u0903 \u20dd",
        "\ufeff\ue000\ufdd0\u0378",
        "\U0010fffd \U00020000",
        "a\u02b0b ª",
        "<>&'",
        "ends\\",
    ),
)
_DECIMALS = (
    *(
        decimal(_EXPONENT << 48, 0),
        decimal(_EXPONENT << 48, 12345),
        decimal(0xB040 << 48, 0),
        decimal(0xB040 << 48, 7),
    ),
    *(
        decimal((_EXPONENT - 4) << 48, 1234),
        decimal((_EXPONENT - 2 * 8) << 48, 12),
        decimal((_EXPONENT - 2 * 7) << 48, 1),
    ),
    *(
        decimal((_EXPONENT + 2 * 3) << 48, 15),
        decimal(0x5FFE << 48 | 0x1ED09BEAD87C0, 0x378D8E63FFFFFFFF),
        decimal(0, 1),
    ),
    *(decimal(0x7800 << 48, 0), decimal(0xF800 << 48, 0), decimal(0x7C00 << 48, 0), decimal(0xFC00 << 48, 0)),
    *(
        decimal(0x7E00 << 48, 0),
        decimal(0x303E << 48, 10),
        decimal(0x6C10 << 48, 5),
        decimal(0x5FFE << 48, 0),
    ),
    *(decimal((_EXPONENT - 2) << 48, 0), decimal(0x3042 << 48, 0), decimal((_EXPONENT - 20) << 48, 1234567)),
    *(
        decimal(_EXPONENT << 48 | 0x1ED09BEAD87C0, 0x378D8E63FFFFFFFF),
        decimal(0x3041 << 48 | 0xFFFFFFFFFFFF, 2**64 - 1),
    ),
)
_BINARIES = (
    *(
        binary(0, b""),
        binary(0, b"\x00\xff\xfe"),
        binary(1, b"fn"),
        binary(2, b"old"),
        binary(3, bytes(range(16))),
    ),
    *(
        binary(4, bytes(range(16))),
        binary(5, b"m" * 16),
        binary(6, b"enc"),
        binary(9, b"\x03\x00\x01"),
        binary(128, b"user"),
    ),
    *(binary(255, b"x"), binary(4, b"short")),
)


def _one(kind: int, payloads: tuple[bytes, ...]) -> bytes:
    return document(*(element(kind, f"f{i}", payload) for i, payload in enumerate(payloads)))


def _nested(depth: int) -> bytes:
    inner = document(element(16, "deep", int32(depth)))
    for level in range(depth):
        inner = document(element(3, "d", inner) if level % 2 else element(4, "a", array((3, inner))))
    return inner


def _first_of_categories() -> str:
    """Return the first character of each run of characters that share their category."""
    points = [point for point in range(1, 0x10000) if not 0xD800 <= point < 0xE000]
    runs = groupby(points, lambda point: unicodedata.category(chr(point)))
    return "".join(chr(next(run)) for category, run in runs if category != "Cn")  # assigned later, perhaps


def cases() -> Iterator[tuple[str, bytes]]:
    """Yield names and documents."""
    yield "empty", document()
    yield "double", _one(1, tuple(map(double, _DOUBLES)))
    yield "string", _one(2, tuple(map(text, _TEXTS)))
    yield "categories of characters", document(element(2, "s", text(_first_of_categories())))
    yield (
        "document",
        document(
            element(3, "empty", document()),
            element(3, "one", document(element(16, "a", int32(1)), element(2, "b", text("x")))),
            element(4, "none", array()),
            element(
                4,
                "mixed",
                array((16, int32(1)), (2, text("two")), (3, document(element(10, "n", b""))), (4, array())),
            ),
            element(4, "numbers", array((1, double(1.5)), (18, int64(2)), (10, b""))),
        ),
    )
    yield "binary", _one(5, _BINARIES)
    yield "undefined", document(element(6, "u", b""))
    yield "objectid", _one(7, (OID, bytes(12), b"\xff" * 12))
    yield "boolean", _one(8, (b"\0", b"\1"))
    yield "date", _one(9, tuple(map(int64, _DATES)))
    yield "null", document(element(10, "n", b""))
    yield "regex", _one(11, (b"^a/b\0\0", b'^"q\\.\0im\0', b"\0xsi\0", "é\0i\0".encode()))
    yield "dbpointer", document(element(12, "p", text('db.c"oll') + OID))
    yield "code", _one(13, (text('function(){return "x";}'), text("")))
    yield "symbol", document(element(14, "s", text('sym"bol')))
    yield (
        "scoped code",
        document(
            element(15, "empty", scoped("f()", document())),
            element(
                15, "w", scoped("f(x, 'é')", document(element(16, "x", int32(1)), element(2, "é", text("v"))))
            ),
        ),
    )
    yield "int32", _one(16, tuple(map(int32, (0, 1, -1, 2**31 - 1, -(2**31)))))
    yield (
        "timestamp",
        _one(
            17, tuple(struct.pack("<II", i, s) for s, i in ((0, 0), (1600000000, 7), (2**32 - 1, 2**32 - 1)))
        ),
    )
    yield "int64", _one(18, tuple(map(int64, (0, 1004, -1, 2**63 - 1, -(2**63)))))
    yield "decimal", _one(19, _DECIMALS)
    yield "min and max key", document(element(255, "min", b""), element(127, "max", b""))
    yield (
        "names",
        document(
            *(
                element(16, name, int32(i))
                for i, name in enumerate(("", 'q"\\', "é", "😀", "a.b", "$x", "\n", "{}'", "e\u0301"))
            )
        ),
    )
    yield "nested 100 deep", _nested(100)
    yield (
        "customer",
        document(
            element(18, "_id", int64(1004)),
            element(2, "first_name", text("Anne")),
            element(2, "last_name", text("Kretchmar")),
            element(2, "email", text("annek@noanswer.org")),
        ),
    )
    for name, payload in (
        ("objectid", (7, OID)),
        ("string", (2, text('a"b é'))),
        ("int", (16, int32(1234))),
        ("double", (1, double(12.34))),
        ("nan", (1, double(float("nan")))),
        ("date", (9, int64(1600000000123))),
        ("null", (10, b"")),
        ("bool", (8, b"\1")),
        ("uuid", (5, binary(4, bytes(range(16))))),
        ("decimal", (19, _DECIMALS[4])),
        ("long", (18, int64(2**40))),
        (
            "document",
            (
                3,
                document(
                    element(2, "hi", text("kafka")), element(4, "n", array((1, double(10.0)), (16, int32(3))))
                ),
            ),
        ),
        (
            "array",
            (
                4,
                array(
                    (16, int32(1)),
                ),
            ),
        ),
        ("timestamp", (17, struct.pack("<II", 7, 9))),
        ("min", (255, b"")),
        ("regex", (11, b"^a\0i\0")),
        ("empty document", (3, document())),
        ("symbol", (14, text("s"))),
    ):
        yield f"key: {name}", document(element(payload[0], "_id", payload[1]))
