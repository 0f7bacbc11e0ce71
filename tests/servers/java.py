"""Java programs as test servers: small heaps, logs in one file."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.servers.policy import Unavailable
from tests.servers.process import Process

_JVM = (
    "-XX:+UseSerialGC",
    "-Xss512k",
    "-XX:MaxMetaspaceSize=200m",
    "-Djava.awt.headless=true",
    "-Djava.net.preferIPv4Stack=true",
)
QUICK = "-XX:TieredStopAtLevel=1"
"""Compile once and quickly: a server that lives for minutes then takes half the CPU."""
_LOGGING = """status = error
appender.f.type = File
appender.f.name = F
appender.f.fileName = {file}
appender.f.layout.type = PatternLayout
appender.f.layout.pattern = [%d] %p %X{{connector.context}}%m (%c{{1}})%n%throwable
rootLogger.level = {root}
rootLogger.appenderRef.f.ref = F
"""


def logging_config(folder: Path, log: Path, root: str, levels: Mapping[str, str]) -> str:
    """Write a log4j2 configuration that logs to `log`; return the JVM flag that names it."""
    lines = [_LOGGING.format(file=log, root=root)]
    for number, (logger, level) in enumerate(levels.items()):
        lines.append(f"logger.l{number}.name = {logger}\nlogger.l{number}.level = {level}\n")
    config = folder / f"{log.stem}.log4j2.properties"
    config.write_text("".join(lines))
    return f"-Dlog4j2.configurationFile={config}"


def command(class_path: str, main: str, *arguments: str, heap: str, flags: Sequence[str] = ()) -> list[str]:
    """Return the command line that runs a main class."""
    java = shutil.which("java")
    if java is None:
        raise Unavailable("java (17 or newer) is not installed")
    return [java, "-Xms64m", f"-Xmx{heap}", *_JVM, *flags, "-cp", class_path, main, *arguments]


def start(command: list[str], folder: Path, name: str) -> Process:
    """Start a Java server in `folder`, its own output in `NAME.out`."""
    return Process(command, folder / f"{name}.out", cwd=folder, env={"MALLOC_ARENA_MAX": "2"})


def properties(values: Mapping[str, object]) -> str:
    """Format a Java properties file."""
    return "".join(f"{name}={value}\n" for name, value in values.items())
