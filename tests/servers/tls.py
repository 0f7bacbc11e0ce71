"""Certificates for the servers: one authority, a server and a client, all PEM."""

from dataclasses import dataclass
from pathlib import Path

from tests.servers.cache import built, run_quietly


@dataclass(frozen=True)
class Certificates:
    """Name the PEM files; the server's certificate is for `localhost` and `127.0.0.1`."""

    folder: Path

    @property
    def ca(self) -> Path:
        """Return the authority that both sides trust."""
        return self.folder / "ca.pem"

    @property
    def server(self) -> Path:
        """Return the server's certificate."""
        return self.folder / "server.pem"

    @property
    def server_key(self) -> Path:
        """Return the server's key."""
        return self.folder / "server.key"

    @property
    def server_store(self) -> Path:
        """Return key, certificate and authority in one file, as Java wants them."""
        return self.folder / "server-store.pem"

    @property
    def client(self) -> Path:
        """Return the certificate of the client whose common name is `client`."""
        return self.folder / "client.pem"

    @property
    def client_key(self) -> Path:
        """Return the client's key."""
        return self.folder / "client.key"


def _build(folder: Path) -> None:
    certs = Certificates(folder)
    authority_key = folder / "ca.key"
    new_key = ["-newkey", "rsa:2048", "-nodes", "-subj"]
    run_quietly(
        ["openssl", "req", "-x509", *new_key, "/CN=cdc-test-ca", "-days", "3650"]
        + ["-keyout", str(authority_key), "-out", str(certs.ca)]
    )
    names = folder / "names.ext"
    names.write_text("subjectAltName=IP:127.0.0.1,DNS:localhost")
    sides = (("server", certs.server, certs.server_key), ("client", certs.client, certs.client_key))
    for name, certificate, key in sides:
        request = folder / f"{name}.csr"
        run_quietly(["openssl", "req", *new_key, f"/CN={name}", "-keyout", str(key), "-out", str(request)])
        run_quietly(
            ["openssl", "x509", "-req", "-days", "3650", "-CAcreateserial", "-in", str(request)]
            + ["-CA", str(certs.ca), "-CAkey", str(authority_key)]
            + ["-extfile", str(names), "-out", str(certificate)]
        )
    parts = (certs.server_key, certs.server, certs.ca)
    certs.server_store.write_text("".join(part.read_text() for part in parts))


def certificates() -> Certificates:
    """Return the test certificates, made with openssl at their first use."""
    return Certificates(built("tls", _build))
