"""Server processes that never outlive the process that started them."""

import atexit
import fcntl
import os
import random
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO

from tests.servers.cache import cache_root
from tests.servers.policy import Unavailable

# Reads "add PID", "del PID" and "tmp FOLDER". When its input ends, because we are gone in whatever way
# (kill -9 included), it kills the groups of what is left and removes the folders.
_REAPER = """
trap '' INT TERM HUP; left=' '; folders=''
while read -r verb what; do
  case $verb in
    add) left="$left$what " ;;
    del) left=$(printf %s "$left" | sed "s| $what | |") ;;
    tmp) folders="$folders$what
" ;;
  esac
done
for pid in $left; do kill -9 "-$pid" 2>/dev/null; done
printf %s "$folders" | while read -r folder; do rm -rf "$folder"; done
"""
_reaper: subprocess.Popen[str] | None = None
_live: dict[int, "Process"] = {}
_ports: set[int] = set()
_ports_file: IO[bytes] | None = None


def _tell_reaper(verb: str, what: object) -> None:
    global _reaper
    if _reaper is None:
        _reaper = subprocess.Popen(
            ["sh", "-c", _REAPER], stdin=subprocess.PIPE, text=True, start_new_session=True
        )
        atexit.register(_stop_all, os.getpid(), _reaper)
    assert _reaper.stdin is not None
    _reaper.stdin.write(f"{verb} {what}\n")
    _reaper.stdin.flush()


def _stop_all(owner: int, reaper: subprocess.Popen[str]) -> None:
    if os.getpid() != owner:  # a forked child that ends normally
        return
    for process in list(_live.values()):
        process.kill()
    reaper.communicate()


class Process:
    """Run one server in its own session, with its output in a file."""

    def __init__(
        self, command: list[str], log: Path, *, cwd: Path | None = None, env: Mapping[str, str] = {}
    ) -> None:
        self.log = log
        self._output: IO[bytes] = log.open("ab")
        self._popen = subprocess.Popen(
            command,
            cwd=cwd,
            env={**os.environ, **env},
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.pid = self._popen.pid
        _live[self.pid] = self
        _tell_reaper("add", self.pid)

    @property
    def alive(self) -> bool:
        """Tell whether the server still runs."""
        return self._popen.poll() is None

    @property
    def code(self) -> int | None:
        """Return the exit code; None while the server runs."""
        return self._popen.poll()

    def wait_until(self, ready: Callable[[], bool], *, what: str, timeout: float = 60) -> None:
        """Wait for `ready()`; a server that dies or takes too long raises with its last lines."""
        deadline = time.monotonic() + timeout
        while not ready():
            if not self.alive or time.monotonic() > deadline:
                state = "takes too long" if self.alive else f"died ({self._popen.returncode})"
                self.kill()
                raise Unavailable(f"{what} {state}: {tail(self.log)}")
            time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGTERM, *, timeout: float = 20) -> None:
        """Ask the server to stop, kill it when it does not."""
        if self.alive:
            self._popen.send_signal(how)
            try:
                self._popen.wait(timeout)
            except subprocess.TimeoutExpired:
                pass
        self.kill()

    def kill(self) -> None:
        """`kill -9` the server and all of its children, and wait until they are gone."""
        family = [self.pid, *_descendants(self.pid)] if self.alive else []
        for pid in family:
            _send(pid, signal.SIGKILL)
        _send(-self.pid, signal.SIGKILL)
        self._popen.wait()
        deadline = time.monotonic() + 10
        while any(_running(pid) for pid in family[1:]) and time.monotonic() < deadline:
            time.sleep(0.005)
        self._output.close()
        if _live.pop(self.pid, None):
            _tell_reaper("del", self.pid)


def _send(pid: int, how: signal.Signals) -> None:
    try:
        os.kill(pid, how)
    except ProcessLookupError:
        pass


def _stat(pid: int) -> tuple[str, int]:
    """Return state and parent of a process, ("", 0) when there is none."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return "", 0
    return fields[0], int(fields[1])


def _running(pid: int) -> bool:
    return _stat(pid)[0] not in {"", "Z", "X"}


def _descendants(pid: int) -> list[int]:
    parents = {int(p.name): _stat(int(p.name))[1] for p in Path("/proc").iterdir() if p.name.isdigit()}
    found = [pid]
    for known in found:
        found += [child for child, parent in parents.items() if parent == known]
    return found[1:]


def tail(log: Path, size: int = 1500) -> str:
    """Return the end of a log file."""
    return log.read_text(errors="replace")[-size:] if log.exists() else ""


def free_port() -> int:
    """Return a free TCP port below the ephemeral range, which outgoing connections use up.

    No other process that asks here is given it as long as this one lives.
    """
    for _ in range(200):
        port = random.SystemRandom().randrange(15000, 32000)
        if port in _ports or not _reserve(port):
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise Unavailable("no free port below 32000")


def _reserve(port: int) -> bool:
    """Lock the byte of one file that stands for the port; the lock ends with the process."""
    global _ports_file
    if _ports_file is None:
        _ports_file = (cache_root() / ".ports.lock").open("ab")
    try:
        fcntl.lockf(_ports_file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    except OSError:
        return False
    _ports.add(port)
    return True


def accepts(port: int) -> bool:
    """Tell whether somebody listens on a local port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def scratch(name: str) -> Path:
    """Return a new temporary folder that every user may enter, removed when Python exits."""
    folder = Path(tempfile.mkdtemp(prefix=f"cdc-{name}-"))
    folder.chmod(0o755)
    _tell_reaper("tmp", folder)
    return folder
