"""TLS contexts from the options, and the stores that Java has and we have not."""

from __future__ import annotations

import ssl
from pathlib import Path

from cdc.errors import ServerNotReady
from cdc.sources.mysql.config import BinlogConnection
from cdc.sources.mysql.config.connection import ENCRYPTED, VERIFIED_CA, VERIFIED_HOST

_JKS = (b"\xfe\xed\xfe\xed", b"\xce\xce\xce\xce")
_DER = b"\x30"


def context(config: BinlogConnection) -> ssl.SSLContext | None:
    """Return the context that connections need; None where they need none, or the driver tries TLS itself."""
    if config.protected < ENCRYPTED and not (config.protected and config.keystore):
        return None
    made = _trusting(config)
    # The certificates that servers make for themselves do not meet the strict rules of Python 3.13.
    made.verify_flags &= ~ssl.VERIFY_X509_STRICT
    made.check_hostname = config.protected == VERIFIED_HOST
    made.verify_mode = ssl.CERT_REQUIRED if config.protected >= VERIFIED_CA else ssl.CERT_NONE
    if config.keystore:
        _load_client(made, config)
    return made


def unverified() -> ssl.SSLContext:
    """Return a context that trusts everybody, and does not load the system's authorities: they take 50 ms."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    return made


def _trusting(config: BinlogConnection) -> ssl.SSLContext:
    if config.truststore:
        return ssl.create_default_context(cafile=_pem("database.ssl.truststore", config.truststore))
    return ssl.create_default_context() if config.protected >= VERIFIED_CA else unverified()


def _load_client(made: ssl.SSLContext, config: BinlogConnection) -> None:
    assert config.keystore is not None
    path = _pem("database.ssl.keystore", config.keystore)
    secret = config.keystore_password.reveal() if config.keystore_password else ""
    try:
        made.load_cert_chain(path, password=lambda: secret)
    except (ssl.SSLError, OSError) as error:
        raise ServerNotReady(
            f"database.ssl.keystore: {path} holds no certificate with its private key: {error}",
            hint="put both into one PEM file, and the key's password into database.ssl.keystore.password",
        ) from None


def _pem(option: str, path: str) -> str:
    """Return the path of a PEM file; raises ServerNotReady for what else it is."""
    try:
        with Path(path).open("rb") as file:
            start = file.read(4)
    except OSError as error:
        raise ServerNotReady(f"{option}: cannot read {path}: {error.strerror}") from None
    if start in _JKS:
        raise ServerNotReady(
            f"{option}: {path} is a Java key store; PEM files are read here",
            hint=f"keytool -importkeystore -srckeystore {path} -destkeystore store.p12 "
            "-deststoretype PKCS12; openssl pkcs12 -in store.p12 -nodes -out store.pem",
        )
    if start.startswith(_DER):
        raise ServerNotReady(
            f"{option}: {path} is a PKCS #12 store; PEM files are read here",
            hint=f"openssl pkcs12 -in {path} -nodes -out store.pem",
        )
    return path
