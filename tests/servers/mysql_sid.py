"""The newest MySQL that Debian has (9.7 LTS in sid), unpacked beside the system and never installed.

Debian's unstable moves, so this server is optional: what needs it is skipped where it cannot be had.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.servers.cache import built, run_quietly
from tests.servers.mysql import MySQLServer
from tests.servers.policy import Unavailable

_SOURCES = (Path("/etc/apt/sources.list.d/debian.sources"), Path("/etc/apt/sources.list"))
_LEFT_OUT = ("perl", "libperl", "libc-gconv", "libgdbm", "libdb5")


def _mirror() -> str:
    for source in _SOURCES:
        for line in source.read_text().splitlines() if source.exists() else ():
            kind, *rest = line.split() or [""]
            if kind in ("URIs:", "deb"):
                return next(word for word in rest if word.startswith("http"))
    raise Unavailable("there is no Debian mirror in apt's sources")


def _apt(folder: Path) -> list[str]:
    for part in ("lists/partial", "cache/archives/partial"):
        (folder / part).mkdir(parents=True)
    (folder / "status").write_text("")
    keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"
    (folder / "sources.list").write_text(f"deb [signed-by={keyring}] {_mirror()} sid main\n")
    settings = {
        "Dir::Etc::sourcelist": folder / "sources.list",
        "Dir::Etc::sourceparts": "-",
        "Dir::Etc::preferencesparts": "-",
        "Dir::State::lists": folder / "lists",
        "Dir::State::status": folder / "status",
        "Dir::Cache": folder / "cache",
        "Acquire::Languages": "none",
        "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled": "false",
        "APT::Sandbox::User": "root",
    }
    return ["apt-get", "-q", *(f"-o{name}={value}" for name, value in settings.items())]


def _build(folder: Path) -> None:
    private = folder / "apt"
    apt = _apt(private)
    run_quietly([*apt, "update"], attempts=2)
    run_quietly([*apt, "-y", "-d", "--no-install-recommends", "install", "mysql-server-core"], attempts=2)
    root = folder / "root"
    root.mkdir()
    for package in (private / "cache" / "archives").glob("*.deb"):
        if not package.name.startswith(_LEFT_OUT):
            run_quietly(["dpkg", "-x", str(package), str(root)])
    run_quietly(["rm", "-rf", str(private), *(str(root / "usr/share" / n) for n in ("doc", "man", "locale"))])
    folder.chmod(0o755)


def installation() -> Path:
    """Return the root of MySQL's files and of the libraries that it wants."""
    return built("mysql-sid", _build) / "root"


class NewMySQLServer(MySQLServer):
    """Run one server as `MySQLServer` does: without what 9.x no longer has."""

    name = "mysql9"
    version = "sid"

    def __init__(self, *, options: Mapping[str, str] | None = None) -> None:
        super().__init__(options=options)
        del self._options["innodb-log-file-size"]

    def _own_options(self) -> dict[str, str]:
        return super()._own_options() | {"innodb-redo-log-capacity": "32M"}

    def _server_command(self, data: Path | None = None) -> list[str]:
        root = installation()
        private = f"--character-sets-dir={root}/usr/share/mysql/charsets"
        folders = [f"--basedir={root}/usr", f"--lc-messages-dir={root}/usr/share/mysql", private]
        plugins = f"--plugin-dir={root}/usr/lib/mysql/plugin"
        return [*_loader(root), *self._base(data), *folders, plugins, f"--pid-file={self.folder}/pid"]

    def _initialise_command(self, data: Path) -> list[str]:
        return [*self._server_command(data), "--initialize-insecure", "--innodb-redo-log-capacity=32M"]


def _loader(root: Path) -> Sequence[str]:
    """Return what runs the server with the libraries that were unpacked with it."""
    loaders = [*root.glob("usr/lib64/ld-linux-*"), *root.glob("usr/lib/*/ld-linux-*")]
    if not loaders:
        raise Unavailable("the unpacked MySQL has no loader for this machine")
    libraries = [
        *root.glob("usr/lib/*-linux-gnu"),
        *root.glob("lib/*-linux-gnu"),
        root / "usr/lib/mysql/private",
    ]
    path = ":".join(map(str, libraries))
    return [str(loaders[0]), "--library-path", path, str(root / "usr/sbin/mysqld")]
