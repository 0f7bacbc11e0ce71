"""A package from somewhere else, as `pip install` would leave it: a source, a sink, an entry point."""

from pathlib import Path

MODULE = '''
import logging
import time

from cdc import config as options
from cdc.batch import RecordBatch, Window
from cdc.config import Config
from cdc.errors import ConnectionFailed
from cdc.plugin import Sink, Source, register
from schemas.connect import STRING


class LinesConfig(Config):
    """Options of the lines source."""

    file = options.string("lines.file", doc="File to read.")
    topic = options.string("lines.topic", "shop.public.lines", doc="Topic to write.")
    password = options.password("lines.password", doc="A secret.")
    follow = options.boolean("lines.follow", True, doc="Wait for more.")
    trouble = options.string("lines.trouble", "", doc="stuck, broken, or a file that must not exist.")


@register("source", "lines", "org.example.LinesConnector")
class LinesSource(Source):
    """Reads lines of a file, one record each."""

    config_class = LinesConfig

    def open(self, context):
        self.partition = {"file": self.config.file}
        self.line = (context.offset(self.partition) or {"line": 0})["line"]
        secret = self.config.password.reveal() if self.config.password else ""
        logging.getLogger(__name__).info("log in with %s at line %d", secret, self.line)
        trouble = self.config.trouble
        if trouble == "stuck":
            time.sleep(60)
        if trouble == "broken":
            raise ValueError("no luck with " + secret)
        if trouble:
            try:
                open(trouble)
            except FileNotFoundError:
                return
            raise ConnectionFailed("the database is away")

    def read(self, max_bytes, timeout):
        with open(self.config.file) as file:
            lines = file.read().splitlines()[self.line : self.line + 10]
        if not lines:
            if not self.config.follow:
                return None
            time.sleep(min(timeout, 0.05))
            return Window()
        self.line += len(lines)
        keys = ["k"] * len(lines)
        batch = RecordBatch(self.config.topic, STRING, STRING, keys, lines)
        return Window([batch], [(self.partition, {"line": self.line})], more=True)

    def confirm(self, offsets):
        pass

    def close(self):
        pass


class AppendConfig(Config):
    """Options of the append sink."""

    file = options.string("append.file", doc="File to write.")


@register("sink", "append")
class AppendSink(Sink):
    """Appends values to a file."""

    config_class = AppendConfig

    def open(self, context):
        self.buffer, self.positions = [], {}
        return None

    def write(self, batch):
        self.buffer += batch.values
        self.positions[batch.topic, batch.partition or 0] = batch.offsets[-1] + 1

    def flush(self):
        with open(self.config.file, "a") as file:
            file.writelines(line + "\\n" for line in self.buffer)
        self.buffer = []
        return self.positions

    def close(self):
        pass
'''


def install(folder: Path) -> Path:
    """Write the package into a folder that then belongs on PYTHONPATH."""
    info = folder / "outside_lines-1.0.dist-info"
    info.mkdir(parents=True)
    (folder / "outside_lines.py").write_text(MODULE)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: outside-lines\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[cdc.plugins]\nlines = outside_lines\n")
    return folder
