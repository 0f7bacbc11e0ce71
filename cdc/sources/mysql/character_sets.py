"""Character sets by the number of a collation, as MySQL 8 and MariaDB 11 list them.

SELECT character_set_name, id FROM information_schema.collations (MariaDB:
collation_character_set_applicability).
"""

from __future__ import annotations

from functools import cache

_COLLATIONS = {
    "armscii8": "32 64",
    "ascii": "11 65",
    "big5": "1 84",
    "binary": "63",
    "cp1250": "26 34 44 66 99",
    "cp1251": "14 23 50-52",
    "cp1256": "57 67",
    "cp1257": "29 58-59",
    "cp850": "4 80",
    "cp852": "40 81",
    "cp866": "36 68",
    "cp932": "95-96",
    "dec8": "3 69",
    "eucjpms": "97-98",
    "euckr": "19 85",
    "gb18030": "248-250",
    "gb2312": "24 86",
    "gbk": "28 87",
    "geostd8": "92-93",
    "greek": "25 70",
    "hebrew": "16 71",
    "hp8": "6 72",
    "keybcs2": "37 73",
    "koi8r": "7 74",
    "koi8u": "22 75",
    "latin1": "5 8 15 31 47-49 94",
    "latin2": "2 9 21 27 77",
    "latin5": "30 78",
    "latin7": "20 41-42 79",
    "macce": "38 43",
    "macroman": "39 53",
    "sjis": "13 88",
    "swe7": "10 82",
    "tis620": "18 89",
    "ucs2": "35 90 128-151 159 640-659 2560-2815",
    "ujis": "12 91",
    "utf16": "54-55 101-124 672-691 2816-3071",
    "utf16le": "56 62",
    "utf32": "60-61 160-183 736-755 3072-3327",
    "utf8mb3": "33 76 83 192-215 223 576-595 2048-2303",
    "utf8mb4": "45-46 224-247 255-323 608-627 2304-2559",
}
_NOPAD = range(1024, 2048)
"""MariaDB's collations without padding stand 1024 behind their plain kin."""

_CODECS = {
    "ascii": "ascii",
    "big5": "big5hkscs",
    "binary": "latin-1",
    "cp1250": "cp1250",
    "cp1251": "cp1251",
    "cp1256": "cp1256",
    "cp1257": "cp1257",
    "cp850": "cp850",
    "cp852": "cp852",
    "cp866": "cp866",
    "cp932": "cp932",
    "eucjpms": "euc_jp",
    "euckr": "euc_kr",
    "gb18030": "gb18030",
    "gb2312": "gb2312",
    "gbk": "gbk",
    "greek": "iso8859_7",
    "hebrew": "iso8859_8",
    "hp8": "hp-roman8",
    "koi8r": "koi8_r",
    "koi8u": "koi8_u",
    "latin1": "cp1252",
    "latin2": "iso8859_2",
    "latin5": "iso8859_9",
    "latin7": "iso8859_13",
    "macce": "mac_latin2",
    "macroman": "mac_roman",
    "sjis": "shift_jis",
    "tis620": "tis_620",
    "ucs2": "utf_16_be",
    "ujis": "euc_jp",
    "utf16": "utf_16_be",
    "utf16le": "utf_16_le",
    "utf32": "utf_32_be",
    "utf8mb3": "utf-8",
    "utf8mb4": "utf-8",
}
"""Python's codec of each character set that it has one for."""


@cache
def _by_collation() -> dict[int, str]:
    found = {}
    for name, listed in _COLLATIONS.items():
        for part in listed.split():
            first, _, last = part.partition("-")
            found.update(dict.fromkeys(range(int(first), int(last or first) + 1), name))
    return found


def character_set(collation: int) -> str | None:
    """Return the character set of a collation by its number; None for one that we do not know."""
    found = _by_collation().get(collation)
    if found is None and collation in _NOPAD:
        found = _by_collation().get(collation - 1024)
    return found


def python_codec(collation: int | None) -> str:
    """Return the codec that decodes text of a collation: UTF-8 when it is unknown, or not in Python."""
    return _CODECS.get(character_set(collation) or "", "utf-8") if collation is not None else "utf-8"
