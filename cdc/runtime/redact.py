"""Keep secrets out of logs and traces: known values, and what looks like a password."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import unquote

from cdc.config import Option

HIDDEN = "[hidden]"
_SHORTEST = 3
"""Shorter values are no secrets, but would blot out half of every line."""
_URL_PASSWORD = re.compile(r"(\w+://[^/\s:@]*:)([^@\s/]+)(?=@)")
# A reference tells nobody anything, and whoever reads that it is not set has to know which one.
_ASSIGNED = re.compile(
    r"(?i)((?:password|passwd|secret|token)\s*[=:]\s*)"
    r"(?!\[hidden\]|\$\{\w+:[^}]*\})(\"[^\"]*\"|'[^']*'|[^\s,;&}\]]+)"
)
_SENSITIVE_NAME = re.compile(r"(?i)password|passwd|secret|token|credential|jaas|\bkey\.pem|private.key")


class Redactor(logging.Filter):
    """A logging filter that replaces secrets in messages and traces; also callable on any text."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        known = sorted({s for s in secrets if len(s) >= _SHORTEST}, key=len, reverse=True)
        alternatives = "|".join(rf"(?<!\w){re.escape(secret)}(?!\w)" for secret in known)
        self._known = re.compile(alternatives) if known else None

    def __call__(self, text: str) -> str:
        """Return the text without secrets."""
        if self._known is not None:
            text = self._known.sub(HIDDEN, text)
        text = _URL_PASSWORD.sub(rf"\1{HIDDEN}", text)
        return _ASSIGNED.sub(rf"\1{HIDDEN}", text)

    def filter(self, record: logging.LogRecord) -> bool:
        """Render the record's message without secrets."""
        record.msg, record.args = self(record.getMessage()), None
        if record.exc_info:
            record.exc_text = self(logging.Formatter().formatException(record.exc_info))
            record.exc_info = None
        return True


def secrets_of(
    raw: Mapping[str, str], resolved: Mapping[str, str], options: Iterable[Option[object]] = ()
) -> list[str]:
    """Return the values that must not be shown: password options, and sensitive names in general.

    And what stands as a password inside of a value, as in a URL or in `sasl.jaas.config`.
    A password that is also the user's name, or another value that anybody may see, is no secret;
    to hide it would only make traces unreadable.
    """
    secret_options = [option for option in options if option.secret]
    found, open_values = [], set()
    for name, value in resolved.items():
        if any(option.matches(name) for option in secret_options) or _SENSITIVE_NAME.search(name):
            found += [value, raw.get(name, value)]
        else:
            open_values.add(value)
        found += _inside(value)
    return [value for value in found if not value.startswith("${") and value not in open_values]


def _inside(value: str) -> Iterator[str]:
    for pattern in (_URL_PASSWORD, _ASSIGNED):
        for match in pattern.finditer(value):
            secret = match[2].strip("\"'")
            yield from {secret, unquote(secret)}
