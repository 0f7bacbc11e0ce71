"""What `cdc start` shows: one live line for each connector on a terminal, logs in a pipe."""

from __future__ import annotations

import json
import logging
import sys
import time
from datetime import UTC, datetime

from cdc.cli.lines import Line, lines_of
from cdc.runtime.herder import Herder
from cdc.runtime.redact import Redactor

LIVE_INTERVAL = 0.5
LOG_INTERVAL = 30.0
_CLEAR_LINE = "\x1b[2K"


class TextFormatter(logging.Formatter):
    """`2026-01-01T00:00:00.000Z INFO shop-0 logger: message`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and the trace below it."""
        task = _task(record)
        line = f"{_time(record)} {record.levelname} {task + ' ' if task else ''}{record.name}: "
        trace = _trace(record, self)
        return line + record.getMessage() + (f"\n{trace.rstrip()}" if trace else "")


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message; connector, task and trace where known."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the object."""
        entry = {
            "time": _time(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        for name in ("connector", "task", "progress"):
            if (value := getattr(record, name, None)) is not None:
                entry[name] = value
        if trace := _trace(record, self):
            entry["trace"] = trace
        return json.dumps(entry, ensure_ascii=False, default=str)


class Display(logging.Handler):
    """Write logs to stdout, and below them the live lines when that is a terminal."""

    def __init__(self, log_format: str | None, level: str) -> None:
        super().__init__(level)
        self._out = sys.stdout
        self._live = self._out.isatty()
        text = log_format == "text" or (log_format is None and self._live)
        self.setFormatter(TextFormatter() if text else JsonFormatter())
        self.addFilter(Redactor())
        self._lines: dict[str, Line] = {}
        self._shown = 0
        self._due = time.monotonic() + (0 if self._live else LOG_INTERVAL)

    def install(self) -> None:
        """Become the only handler of all logging."""
        root = logging.getLogger()
        root.handlers[:] = [self]
        root.setLevel(self.level)
        logging.captureWarnings(capture=True)

    def emit(self, record: logging.LogRecord) -> None:
        """Write a log record above the live lines."""
        try:
            text = self.format(record)
            self._wipe()
            self._out.write(text + "\n")
            self._out.flush()
            if self._live:
                self._due = 0.0
        except Exception:  # noqa: BLE001 - logging must not end the worker
            self.handleError(record)

    def tick(self, herder: Herder) -> None:
        """Show or log the progress when it is time; called several times a second."""
        now = time.monotonic()
        if now < self._due:
            return
        self._due = now + (LIVE_INTERVAL if self._live else LOG_INTERVAL)
        lines = lines_of(herder, self._lines, now)
        if self._live:
            self.acquire()
            try:
                self._draw([line.text() for line in lines])
            finally:
                self.release()
            return
        log = logging.getLogger("cdc.progress")
        for line in lines:
            extra = {"connector": line.connector, "progress": line.fields()}
            log.info("%s", line.text().strip(), extra=extra)

    def close(self) -> None:
        """Leave the last lines on the screen."""
        self._shown = 0
        super().close()

    def _draw(self, lines: list[str]) -> None:
        self._wipe()
        self._out.write("".join(f"{line}\n" for line in lines))
        self._out.flush()
        self._shown = len(lines)

    def _wipe(self) -> None:
        if self._shown:
            self._out.write(
                f"\x1b[{self._shown}A" + f"{_CLEAR_LINE}\n" * self._shown + f"\x1b[{self._shown}A"
            )
            self._shown = 0


def _time(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def _task(record: logging.LogRecord) -> str:
    connector, task = getattr(record, "connector", None), getattr(record, "task", None)
    return "" if connector is None else connector if task is None else f"{connector}-{task}"


def _trace(record: logging.LogRecord, formatter: logging.Formatter) -> str:
    if record.exc_info and not record.exc_text:
        record.exc_text = formatter.formatException(record.exc_info)
    return getattr(record, "trace", None) or record.exc_text or ""
