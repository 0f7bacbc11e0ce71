"""TLS to MySQL and MariaDB: the modes of their JDBC drivers, and one context for all connections.

PyMySQL makes a context for each, and loads the system's authorities for it even where it verifies nobody:
that takes longer than all the rest of a connection.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from cdc.errors import SinkError

DISABLED, PREFERRED, REQUIRED, VERIFY_CA, VERIFY_IDENTITY = range(5)

# Connector/J's words, and those of MariaDB's driver (without dashes and underscores).
_MODES = {
    "disabled": DISABLED,
    "disable": DISABLED,
    "preferred": PREFERRED,
    "required": REQUIRED,
    "trust": REQUIRED,
    "verifyca": VERIFY_CA,
    "verifyidentity": VERIFY_IDENTITY,
    "verifyfull": VERIFY_IDENTITY,
}
_TRUE = ("true", "1", "yes")


@dataclass(frozen=True, slots=True)
class Tls:
    """How connections are protected, from `DISABLED` to `VERIFY_IDENTITY`, and the PEM files for it."""

    mode: int = PREFERRED
    ca: str | None = None
    cert: str | None = None
    key: str | None = None
    key_password: str | None = field(default=None, repr=False)

    @classmethod
    def take(cls, parameters: dict[str, str]) -> Tls:
        """Take the parameters about TLS out of a URL's: JDBC's, or PyMySQL's `ssl_*`. Raises ValueError."""
        said = _said(parameters)
        ca = parameters.pop("serverSslCert", None) or parameters.pop("sslCa", None)
        ca = parameters.pop("ssl_ca", None) or ca
        cert, key, password = (
            parameters.pop(f"ssl_{name}", None) for name in ("cert", "key", "key_password")
        )
        checked = parameters.pop("ssl_check_hostname", "true").lower() in _TRUE
        if said is None:
            # As PyMySQL: who names an authority wants it to be asked.
            said = (VERIFY_IDENTITY if checked else VERIFY_CA) if ca else REQUIRED if cert else PREFERRED
        if unknown := [name for name in parameters if name.startswith("ssl_")]:
            raise ValueError(
                f"{', '.join(unknown)} cannot be used; give sslMode, ssl_ca, ssl_cert and ssl_key"
            )
        return cls(said, ca, cert, key, password)

    def connect(self, arguments: dict[str, Any]) -> Any:
        """Connect with PyMySQL."""
        return _driver()(
            **arguments,
            ssl_disabled=self.mode == DISABLED,
            ssl=self.context() if self.mode >= REQUIRED else None,
        )

    def context(self) -> ssl.SSLContext:
        """Return the context: the same one as long as the files are. Raises SinkError."""
        return _context(self, tuple(map(_changed, (self.ca, self.cert, self.key))))


def _said(parameters: dict[str, str]) -> int | None:
    """Return the mode that the parameters name, if any."""
    word = parameters.pop("sslMode", None)
    flags = {
        name: parameters.pop(name).lower() in _TRUE
        for name in ("useSSL", "requireSSL", "ssl_disabled", "ssl_verify_cert", "ssl_verify_identity")
        if name in parameters
    }
    if word is not None:
        plain = word.lower().replace("-", "").replace("_", "")
        if plain not in _MODES:
            raise ValueError(
                f"sslMode={word} is unknown: VERIFY_IDENTITY, VERIFY_CA, REQUIRED, PREFERRED, DISABLED"
            )
        return _MODES[plain]
    if flags.get("ssl_disabled") or flags.get("useSSL") is False:
        return DISABLED
    if flags.get("ssl_verify_identity"):
        return VERIFY_IDENTITY
    if flags.get("ssl_verify_cert"):
        return VERIFY_CA
    if "ssl_verify_cert" in flags or flags.get("useSSL") or flags.get("requireSSL"):
        return REQUIRED
    return None


def _changed(path: str | None) -> int:
    """Return when a file was changed: a certificate that is renewed is read anew."""
    try:
        return 0 if path is None else Path(path).stat().st_mtime_ns
    except OSError as error:
        raise SinkError(f"{path}: {error.strerror}", hint="check the files named in connection.url") from None


@lru_cache(maxsize=8)
def _context(tls: Tls, changed: tuple[int, ...]) -> ssl.SSLContext:
    try:
        made = _trusting(tls)
        if tls.cert:
            made.load_cert_chain(tls.cert, tls.key, lambda: tls.key_password or "")
    except OSError as error:  # what is no certificate is an SSLError, which is one
        raise SinkError(
            f"{tls.ca}, {tls.cert}, {tls.key}: {error}", hint="PEM files are read; check connection.url"
        ) from None
    return made


def _trusting(tls: Tls) -> ssl.SSLContext:
    if tls.mode >= VERIFY_CA:
        made = ssl.create_default_context(cafile=tls.ca)
        # The certificates that servers make for themselves do not meet the strict rules of Python 3.13.
        made.verify_flags &= ~ssl.VERIFY_X509_STRICT
        made.check_hostname = tls.mode == VERIFY_IDENTITY
        return made
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    return made


@lru_cache(maxsize=1)
def _driver() -> Callable[..., Any]:
    import pymysql

    class Connection(pymysql.connections.Connection):
        """Makes no context of its own: where the driver tries TLS itself (`PREFERRED`) it verifies nobody."""

        def _create_ssl_ctx(self, options: Any) -> ssl.SSLContext:
            return options or Tls().context()

    return Connection
