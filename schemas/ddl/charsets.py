"""Character sets: what a collation implies, how wide their characters are."""

from __future__ import annotations

_WIDTHS = {
    **dict.fromkeys(("utf8mb4", "utf16", "utf16le", "utf32", "gb18030"), 4),
    **dict.fromkeys(("utf8", "utf8mb3", "ujis", "eucjpms"), 3),
    **dict.fromkeys(("big5", "gb2312", "gbk", "sjis", "cp932", "euckr", "ucs2"), 2),
}


def charset_of_collation(collation: str) -> str | None:
    """Return the charset of a collation; None for MariaDB's that fit several (`uca1400_ai_ci`)."""
    charset = collation.lower().partition("_")[0]
    return None if charset in ("uca1400", "default") else charset


def width(charset: str | None) -> int:
    """Return the bytes that a character takes at most."""
    return _WIDTHS.get(charset or "", 1)
