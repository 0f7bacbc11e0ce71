"""Read `sasl.jaas.config`: the login of a Java client, for a client that has no JAAS."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_TOKEN = re.compile(r"""\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^\s=;"']+)|([=;]))""", re.S)
_FLAGS = ("required", "requisite", "sufficient", "optional")

# Which of a login module's options is which of librdkafka's.
_OPTIONS = {
    "username": "sasl.username",
    "password": "sasl.password",
    "clientid": "sasl.oauthbearer.client.id",
    "clientsecret": "sasl.oauthbearer.client.secret",
    "scope": "sasl.oauthbearer.scope",
    "keytab": "sasl.kerberos.keytab",
    "principal": "sasl.kerberos.principal",
    "servicename": "sasl.kerberos.service.name",
}


@dataclass(frozen=True, slots=True)
class Login:
    """A login module and its options. Prints without the options: they hold the password."""

    module: str
    options: Mapping[str, str]

    def __repr__(self) -> str:
        return f"Login({self.module})"


def parse(text: str) -> Login:
    """Return the login in `text`; raises ValueError, which never quotes what it read."""
    tokens = _tokens(text)
    words = [word for word, punctuation in tokens if not punctuation]
    if len(words) < 2 or words[1].lower() not in _FLAGS or tokens[-1] != (";", True):
        raise ValueError("expected '<login module> required <option>=<value> …;'")
    rest = tokens[2:-1]
    if len(rest) % 3 or any(mark != ("=", True) for mark in rest[1::3]):
        raise ValueError("expected <option>=<value> after the login module, and one module only")
    return Login(words[0], {rest[i][0]: rest[i + 2][0] for i in range(0, len(rest), 3)})


def settings(login: Login) -> dict[str, str]:
    """Return librdkafka's settings for a login; raises ValueError for a module it has no match for."""
    simple = login.module.rsplit(".", 1)[-1]
    if simple not in ("PlainLoginModule", "ScramLoginModule", "OAuthBearerLoginModule", "Krb5LoginModule"):
        raise ValueError(f"the login module {login.module} exists in Java only")
    known = {name.lower(): value for name, value in login.options.items()}
    return {ours: known[java] for java, ours in _OPTIONS.items() if java in known}


def _tokens(text: str) -> list[tuple[str, bool]]:
    found: list[tuple[str, bool]] = []
    position, end = 0, len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None:
            raise ValueError("a quote is not closed")
        position = match.end()
        double, single, word, mark = match.groups()
        quoted = double if double is not None else single
        if mark:
            found.append((mark, True))
        else:
            found.append((word if quoted is None else re.sub(r"\\(.)", r"\1", quoted), False))
    return found
