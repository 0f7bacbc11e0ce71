"""MariaDB 10.11, from Debian's packages."""

import shutil

from tests.servers.mysql import MySQLServer, ensure_apt


def installation() -> str:
    """Return the path of the server program, installed where that is possible."""
    if shutil.which("mariadbd") is None:
        ensure_apt(["mariadb-server-core", "mariadb-client-core"])
    return shutil.which("mariadbd") or "/usr/sbin/mariadbd"


class MariaDBServer(MySQLServer):
    """Run one server: row binlog with annotations, MariaDB's GTIDs, TLS."""

    name = "mariadb"
    dialect = "mariadb"

    def _own_options(self) -> dict[str, str]:
        return {
            "gtid-domain-id": "0",
            "gtid-strict-mode": "ON",
            "binlog-annotate-row-events": "ON",
            "ssl-ca": str(self.certificates.ca),
            "ssl-cert": str(self.certificates.server),
            "ssl-key": str(self.certificates.server_key),
        }

    def _server_command(self) -> list[str]:
        messages = "--lc-messages-dir=/usr/share/mysql"
        return [installation(), *self._base(), "--basedir=/usr", messages, f"--pid-file={self.folder}/pid"]

    def _initialise_command(self) -> list[str]:
        installation()
        normal = ["--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve"]
        return ["mariadb-install-db", *self._base(), *normal, "--innodb-log-file-size=16M"]
