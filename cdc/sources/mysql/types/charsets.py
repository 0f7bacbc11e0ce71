"""Text of every character set of MySQL and MariaDB, as the servers themselves convert it to UTF-8.

Python's codecs stand behind most of them; where the servers' tables differ they win. What a character
set has no meaning for becomes `?`, as in the servers' own conversion. The tests hold every single byte
and every pair against real servers.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable
from functools import cache

from cdc.relational.text_view import octets

UTF8 = frozenset(("utf8mb4", "utf8mb3", "utf8", "ascii"))
"""Character sets whose octets are UTF-8."""

_WIDE = {"ucs2": "utf_16_be", "utf16": "utf_16_be", "utf16le": "utf_16_le", "utf32": "utf_32_be"}

_SINGLE: dict[str, tuple[str, dict[int, str]]] = {
    "armscii8": (
        "latin-1",
        {
            0xA1: "\u2741\xa7\u0589)(\xbb\xab\u2014.\u055d,-\u055f\u2026\u055c\u055b\u055e",
            0xFE: "\u2019'",
        }
        | {0xB2 + 2 * at: chr(0x531 + at) + chr(0x561 + at) for at in range(38)},
    ),
    "cp1250": ("cp1250", {}),
    "cp1251": ("cp1251", {}),
    "cp1256": ("cp1256", dict.fromkeys((0x8A, 0x8F, 0x98, 0x9A, 0x9F, 0xAA, 0xC0, 0xFF), "?")),
    "cp1257": ("cp1257", {}),
    "cp850": ("cp850", {}),
    "cp852": ("cp852", {}),
    "cp866": ("cp866", {0xFC: "\u207f\xb2"}),
    "dec8": (
        "latin-1",
        dict.fromkeys((0xA4, 0xA6, 0xB4, 0xB8, 0xBE, 0xD0, 0xDE, 0xF0), "?")
        | {0xA8: "\xa4", 0xAC: "????", 0xD7: "\u0152", 0xDD: "\u0178", 0xF7: "\u0153", 0xFD: "\xff??"},
    ),
    "geostd8": (
        "cp1252",
        {
            0x83: "?",
            0x88: "?",
            0x8A: "?",
            0x8C: "?????",
            0x98: "???",
            0x9C: "????",
            0xC0: "\u10d0\u10d1\u10d2\u10d3\u10d4\u10d5\u10d6\u10f1\u10d7\u10d8\u10d9\u10da\u10db\u10dc\u10f2"
            "\u10dd\u10de\u10df\u10e0\u10e1\u10e2\u10f3\u10e3\u10e4\u10e5\u10e6\u10e7\u10e8\u10e9\u10ea\u10eb"
            "\u10ec\u10ed\u10ee\u10f4\u10ef\u10f0\u10f5" + "?" * 23 + "\u2116??",
        },
    ),
    "greek": ("iso8859_7", {0xA1: "\u02bd\u02bc", 0xA4: "??", 0xAA: "?"}),
    "hebrew": ("iso8859_8", {0xAF: "\u203e"}),
    "hp8": ("hp-roman8", {}),
    "keybcs2": (
        "cp437",
        {
            0x80: "\u010c",
            0x83: "\u010f",
            0x85: "\u010e\u0164\u010d\u011b\u011a\u0139\xcd\u013e\u013a",
            0x8F: "\xc1",
            0x91: "\u017e\u017d",
            0x95: "\xd3\u016f\xda\xfd",
            0x9B: "\u0160\u013d\xdd\u0158\u0165",
            0xA4: "\u0148\u0147\u016e\xd4\u0161\u0159\u0155\u0154",
        },
    ),
    "koi8r": ("koi8_r", {}),
    "koi8u": ("koi8_u", {0x95: "\u2022"}),
    # What Windows leaves open are control characters here.
    "latin1": ("cp1252", {at: chr(at) for at in (0x81, 0x8D, 0x8F, 0x90, 0x9D)}),
    "latin2": ("iso8859_2", {}),
    "latin5": ("iso8859_9", {}),
    "latin7": ("iso8859_13", {}),
    "macce": ("mac_latin2", {}),
    "macroman": ("mac_roman", {}),
    "swe7": (
        "ascii",
        {0x40: "\xc9", 0x5B: "\xc4\xd6\xc5\xdc", 0x60: "\xe9", 0x7B: "\xe4\xf6\xe5\xfc?"},
    ),
    "tis620": (
        "tis_620",
        {0xA0: "\ufffd", 0xDB: "\ufffd" * 4, 0xFC: "\ufffd" * 4},
    ),
}
"""A codec of Python's, and the runs of characters in which the servers differ."""

_BIG5_ETEN = "\u7881\u92b9\u88cf\u58bb\u6052\u7ca7\u5afa"
_IBM = (
    "\u2170\u2171\u2172\u2173\u2174\u2175\u2176\u2177\u2178\u2179\u2160\u2161\u2162\u2163\u2164\u2165\u2166"
    "\u2167\u2168\u2169\uff07\uff02\u3231\u2116\u2121\u70bb\u4efc\u50f4\u51ec\u5307\u5324\ufa0e\u548a\u5759"
    "\ufa0f\ufa10\u589e\u5bec\u5cf5\u5d53\ufa11\u5fb7\u6085\u6120\u654e\u663b\u6665\ufa12\uf929\u6801\ufa13"
    "\ufa14\u6a6b\u6ae2\u6df8\u6df2\u7028\ufa15\ufa16\u7501\u7682\u769e\ufa17\u7930\ufa18\ufa19\ufa1a\ufa1b"
    "\u7ae7\ufa1c\ufa1d\u7da0\u7dd6\ufa1e\u8362\ufa1f\u85b0\ufa20\ufa21\u8807\ufa22\u8b7f\u8cf4\u8d76\ufa23"
    "\ufa24\ufa25\u90de\ufa26\u9115\ufa27\ufa28\u9592\uf9dc\ufa29\u973b\u974d\u9751\ufa2a\ufa2b\ufa2c\u999e"
    "\u9ad9\u9b72\ufa2d\u9ed1"
)
"""IBM's characters in eucJP-ms, from 8FF3F3 on."""

_SJIS = {0xFF3C: "\\", 0xFF5E: "\u301c", 0x2225: "\u2016", 0xFF0D: "\u2212", 0xFFE0: "\xa2", 0xFFE1: "\xa3"}
_SJIS[0xFFE2] = "\xac"
_MULTI: dict[str, tuple[str, dict[int, str]]] = {
    "big5": ("big5", {}),
    "cp932": ("cp932", {}),
    "eucjpms": (
        "euc_jp",
        {ord(new): chr(old) for old, new in _SJIS.items() if old != 0xFF3C} | {0xA6: "\uffe4"},
    ),
    "euckr": ("cp949", {}),
    "gb18030": ("gb18030", {0xE7C7: "\u1e3f"}),
    "gb2312": ("gb2312", {}),
    "gbk": ("gbk", {}),
    "sjis": ("cp932", _SJIS),
    "ujis": ("euc_jp", {0xFF3C: "\\"}),
}
"""A codec of Python's, and the characters that the servers take for others."""


def decoder(charset: str) -> Callable[[bytes], str]:
    """Return the function from octets to text; raises LookupError for a character set there is not."""
    if charset in UTF8:
        return lambda data: data.decode("utf-8", "replace")
    if charset in _WIDE:
        codec = _WIDE[charset]
        return lambda data: data.decode(codec, "cdc_mysql")
    if charset in _SINGLE:
        table = _table(*_SINGLE[charset])
        return lambda data: codecs.charmap_decode(data, "strict", table)[0]
    codec, others = _MULTI[charset]
    errors = f"cdc_mysql_{charset}" if charset in _HOLES else "cdc_mysql"
    if charset == "eucjpms":
        # The wide tilde stands in both planes; Python takes the second one for a narrow one.
        return lambda data: data.replace(b"\x8f\xa2\xb7", b"\xa1\xc1").decode(codec, errors).translate(others)
    if not others:
        return lambda data: data.decode(codec, errors)
    return lambda data: data.decode(codec, errors).translate(others)


@cache
def reader(charset: str) -> Callable[[str], str]:
    """Return the function from the latin-1 view of octets to text."""
    decode = decoder(charset)
    if charset in _WIDE or charset == "swe7":
        return lambda v: decode(octets(v))
    return lambda v: v if v.isascii() else decode(octets(v))


def _table(codec: str, differing: dict[int, str]) -> str:
    plain = bytes(range(256)).decode(codec, "replace").replace("\ufffd", "?")
    for at, run in differing.items():
        plain = plain[:at] + run + plain[at + len(run) :]
    return plain


def _hole(error: UnicodeError) -> tuple[str, int]:
    """Handle octets that mean nothing: `?` for each."""
    assert isinstance(error, UnicodeDecodeError)
    return "?", error.end


def _holes_of(charset: str) -> Callable[[UnicodeError], tuple[str, int]]:
    """Handle octets that mean something to the servers and nothing to Python."""
    known, longest = _HOLES[charset]

    def handle(error: UnicodeError) -> tuple[str, int]:
        assert isinstance(error, UnicodeDecodeError)
        for size in range(longest, 1, -1):
            piece = error.object[error.start : error.start + size]
            if len(piece) == size and (found := known(piece)) is not None:
                return found, error.start + size
        return "?", error.end

    return handle


def _big5_hole(data: bytes) -> str | None:
    at = int.from_bytes(data, "big") - 0xF9D6
    return _BIG5_ETEN[at] if 0 <= at < len(_BIG5_ETEN) else None


def _private(data: bytes) -> str | None:
    """Return the user-defined characters of EUC-JP: rows 85 to 94 of both planes."""
    plane, pair = (940, data[1:]) if len(data) == 3 else (0, data)
    if pair[0] >= 0xF5 and 0xA1 <= pair[1] <= 0xFE:
        return chr(0xE000 + plane + (pair[0] - 0xF5) * 94 + pair[1] - 0xA1)
    return None


def _ms_extension(data: bytes) -> str | None:
    """Return NEC's and IBM's rows in eucJP-ms, which stand in cp932 too; or a user-defined character."""
    if len(data) == 2 and data[0] == 0xAD and 0xA1 <= data[1] <= 0xFE:
        at = data[1] - 0xA1
        return bytes((0x87, 0x40 + at + (at >= 63))).decode("cp932", "ignore") or None
    if len(data) == 3 and 0xF3F3 <= (code := data[1] << 8 | data[2]) <= 0xF4FE:
        return _IBM[code - 0xF3F3 if code < 0xF4A1 else code - 0xF495]
    return _private(data)


_HOLES: dict[str, tuple[Callable[[bytes], str | None], int]] = {
    "big5": (_big5_hole, 2),
    "ujis": (_private, 3),
    "eucjpms": (_ms_extension, 3),
}

codecs.register_error("cdc_mysql", _hole)
for _charset in _HOLES:
    codecs.register_error(f"cdc_mysql_{_charset}", _holes_of(_charset))

_WIDTHS = {
    **dict.fromkeys(("utf8mb4", "utf16", "utf16le", "utf32", "gb18030"), 4),
    **dict.fromkeys(("utf8mb3", "utf8", "ujis", "eucjpms"), 3),
    **dict.fromkeys(("ucs2", "big5", "cp932", "euckr", "gb2312", "gbk", "sjis"), 2),
}


def octets_a_character(charset: str) -> int:
    """Return the octets of the longest character: what a column's length is stored by."""
    return _WIDTHS.get(charset, 1)
