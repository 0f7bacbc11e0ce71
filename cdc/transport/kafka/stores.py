"""Java's key and trust stores as OpenSSL's files: PEM as it is, PKCS#12 keys, never JKS."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from cdc.config import Warned
from cdc.errors import Problem

NAMES = frozenset(
    (
        "ssl.truststore.location",
        "ssl.truststore.type",
        "ssl.truststore.password",
        "ssl.truststore.certificates",
        "ssl.keystore.location",
        "ssl.keystore.type",
        "ssl.keystore.password",
        "ssl.keystore.key",
        "ssl.keystore.certificate.chain",
        "ssl.cipher.suites",
    )
)
"""The Java properties that are translated here (`ssl.key.password` has the same name in librdkafka)."""

_PEM = re.compile(r"(-----BEGIN [A-Z ]+-----)(.*?)(-----END [A-Z ]+-----)\s*", re.S)
_TO_PEM = (
    "convert it: keytool -importkeystore -srckeystore {path} -destkeystore s.p12 -deststoretype PKCS12 "
    "&& openssl pkcs12 -in s.p12 {flags} -out {path}.pem"
)


def translate(
    java: Mapping[str, str], settings: dict[str, str], problems: list[Problem], warnings: list[Warned]
) -> None:
    """Put librdkafka's settings for the stores in `java` into `settings`."""
    _truststore(java, settings, problems)
    _keystore(java, settings, problems)
    suites = java.get("ssl.cipher.suites", "").strip()
    if suites.startswith("TLS_"):
        message = "ssl.cipher.suites has Java's names: ignored; OpenSSL's names would be used"
        warnings.append(Warned("ssl.cipher.suites", message))
    elif suites:
        settings["ssl.cipher.suites"] = suites


def _truststore(java: Mapping[str, str], settings: dict[str, str], problems: list[Problem]) -> None:
    if certificates := java.get("ssl.truststore.certificates", "").strip():
        settings["ssl.ca.pem"] = _lines(certificates)
    if path := java.get("ssl.truststore.location", "").strip():
        if kind(path, java.get("ssl.truststore.type", "")) == "PEM":
            settings["ssl.ca.location"] = path
        else:
            problems.append(_unusable("ssl.truststore.location", path, "-nokeys"))


def _keystore(java: Mapping[str, str], settings: dict[str, str], problems: list[Problem]) -> None:
    if key := java.get("ssl.keystore.key", "").strip():
        settings["ssl.key.pem"] = _lines(key)
    if chain := java.get("ssl.keystore.certificate.chain", "").strip():
        settings["ssl.certificate.pem"] = _lines(chain)
    if not (path := java.get("ssl.keystore.location", "").strip()):
        return
    found = kind(path, java.get("ssl.keystore.type", ""))
    if found == "PEM":
        settings |= {"ssl.key.location": path, "ssl.certificate.location": path}
    elif found == "PKCS12":
        settings["ssl.keystore.location"] = path
        settings["ssl.keystore.password"] = java.get("ssl.keystore.password", "")
    else:
        problems.append(_unusable("ssl.keystore.location", path, "-nodes"))


def kind(path: str, given: str) -> str:
    """Return PEM, PKCS12 or JKS: what is given, else what the file looks like (Java's default is JKS)."""
    if given.strip():
        return given.strip().upper()
    try:
        with Path(path).open("rb") as file:
            head = file.read(4096)
    except OSError:
        return "PEM"  # librdkafka says what is wrong with it, naming the file
    if b"-----BEGIN" in head:
        return "PEM"
    return "JKS" if head[:4] == b"\xfe\xed\xfe\xed" else "PKCS12"


def _lines(pem: str) -> str:
    """Put the line ends back that a one-line properties file takes from PEM; Java accepts blanks."""
    return _PEM.sub(lambda found: "\n".join((found[1], *found[2].split(), found[3], "")), pem)


def _unusable(option: str, path: str, flags: str) -> Problem:
    advice = _TO_PEM.format(path=path, flags=flags)
    return Problem(option, f"{option} {path} is a Java store, and PEM is needed: {advice}")
