"""The golden corpus: SQL in, what real Debezium 3.6.3 made of it out.

A case is a folder `cases/KIND/NAME/`, KIND as in `targets`: `setup.sql` runs before the connector starts
(its rows are the snapshot's), `stream.sql` while it streams, `connector.properties` holds the options that
matter, and `events.jsonl` the records. `python -m tests.golden.record` makes the last one.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from tests.golden.targets import TARGETS

CASES = Path(__file__).parent / "cases"


class Header(NamedTuple):
    """A record header, as text."""

    name: str
    json: str | None
    """As Connect's JsonConverter writes it."""
    simple: str | None
    """As Connect's default, SimpleHeaderConverter, writes it."""


@dataclass(frozen=True)
class Event:
    """One record; key and value are the exact text on the wire, None where there is none."""

    topic: str
    partition: int | None
    """Only where the connector chooses it."""
    key: str | None
    value: str | None
    headers: tuple[Header, ...]

    @classmethod
    def load(cls, line: str) -> "Event":
        """Read a line of `events.jsonl`."""
        fields: dict[str, Any] = json.loads(line)
        headers = tuple(Header(*header) for header in fields.pop("headers"))
        return cls(headers=headers, **fields)

    def dump(self) -> str:
        """Return the line that `load` reads."""
        return json.dumps({**vars(self), "headers": [list(header) for header in self.headers]})

    def masked(self) -> "Event":
        """Return the event without what differs from run to run; everything else stays byte for byte."""
        headers = tuple(
            Header(h.name, _mask_header(h, h.json), _mask_header(h, h.simple)) for h in self.headers
        )
        return Event(self.topic, self.partition, mask(self.key), mask(self.value), headers)


@dataclass(frozen=True)
class Case:
    """One recorded case."""

    kind: str
    name: str
    folder: Path
    setup: str
    stream: str
    properties: Mapping[str, str]
    """The options of the case itself, see :meth:`config` for all of them."""

    def config(self, connection: Mapping[str, str]) -> dict[str, str]:
        """Return the whole connector configuration, given the connection's options."""
        return {"name": self.name, **TARGETS[self.kind].options, **connection, **self.properties}

    @property
    def events(self) -> list[Event]:
        """Return what was recorded, in emitted order."""
        return [Event.load(line) for line in self.recording.read_text("utf-8").split("\n") if line]

    @property
    def expected(self) -> dict[str, list[Event]]:
        """Return the masked events by topic: Debezium's, or ours where they differ on purpose.

        `ours.jsonl` holds our events of the topics that differ, behind a line with the reason and
        the topics that only Debezium has.
        """
        theirs = by_topic(self.events)
        file = self.folder / "ours.jsonl"
        if not file.exists():
            return theirs
        head, *lines = file.read_text("utf-8").split("\n")
        without = json.loads(head)["without"]
        ours = by_topic(Event.load(line) for line in lines if line)
        return {topic: events for topic, events in (theirs | ours).items() if topic not in without}

    @property
    def recording(self) -> Path:
        """Return the file of the recorded events."""
        return self.folder / "events.jsonl"


def by_topic(events: Iterable[Event]) -> dict[str, list[Event]]:
    """Return the masked events of each topic, in order; order between topics is not part of the contract."""
    found: dict[str, list[Event]] = {}
    for event in events:
        found.setdefault(event.topic, []).append(event.masked())
    return found


def load_properties(text: str) -> dict[str, str]:
    """Read the simple half of Java's properties format: `name=value` lines and comments."""
    lines = (line.strip() for line in text.splitlines())
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name.strip(): value.strip() for name, _, value in pairs}


def cases(kind: str = "postgres") -> list[Case]:
    """Return the cases of a kind of database, by name."""
    return [_load(folder) for folder in sorted((CASES / kind).iterdir())]


def _load(folder: Path) -> Case:
    text = {
        file: (folder / file).read_text("utf-8") if (folder / file).exists() else ""
        for file in ("setup.sql", "stream.sql", "connector.properties")
    }
    options = load_properties(text["connector.properties"])
    return Case(folder.parent.name, folder.name, folder, text["setup.sql"], text["stream.sql"], options)


# Clock and position fields. A null stays a null: whether a position is known is part of the contract.
_CLOCK = re.compile(r'"(ts_ms|ts_us|ts_ns|wallTime)":-?\d+')
_POSITION = re.compile(r'"(txId|lsn|xmin|origin_lsn|pos|thread|server_id|ord|txnNumber)":-?\d+')
_FILE = re.compile(r'"file":"[^"]+"')
_GTID = re.compile(r'"gtid":"[^"]+"')
_SEQUENCE = re.compile(r'"sequence":"\[(.*?)\]"')
_TRANSACTION = re.compile(r'"id":"(?:\d+:\d+|\d+-\d+-\d+|[0-9a-f]{8}(?:-[0-9a-f]+){4}:\d+|file=[^"]*)"')
# The MariaDB connector is not to be had in the release that we are, see README.md.
_OLDER = re.compile(r'"version":"3\.5\.0\.Final"')
# A session of MongoDB, and the number of its transaction.
_SESSION = re.compile(r'(\{\\"id\\": \{\\"\$binary\\": \\")[^\\]+(\\",\\"\$type\\": \\"04\\"\}\})(?::\d+)?')
# In the text of MongoDB's own connector, whose quotes are escaped or not: tokens, times, sessions, ids.
_Q = r'\\*"'
_MONGO_KAFKA = [
    re.compile(pattern.replace("'", _Q))
    for pattern in (
        r"(_data': ')[0-9a-fA-F]+",
        r"((?:clusterTime|wallTime)': \{'\$(?:timestamp|date)': )(?:-?\d+|\{[^}]*\}|'[^\"\\]*')",
        r"(\{'\$timestamp': )\{'t': 1[0-9]{9}, 'i': \d+\}",
        r"((?:collectionUUID|\{'id)': \{'\$binary': (?:\{'base64': )?')[^\"\\]+",
        r"(txnNumber': \{'\$numberLong': ')\d+",
    )
]
# Java objects that Debezium prints where it has no text: a message in END, an array in an array.
_JAVA_OBJECT = re.compile(r"((?:LogicalDecodingMessageId|\[Ljava\.lang\.\w+;)@)[0-9a-f]+")


def mask(text: str | None) -> str | None:
    """Replace the numbers of clock, log position and transaction id in a JSON text by 0."""
    if text is None:
        return None
    text = _OLDER.sub('"version":"3.6.3.Final"', _CLOCK.sub(r'"\1":0', text))
    text = _SESSION.sub(r"\g<1>0\g<2>", text)
    text = _POSITION.sub(r'"\1":0', text)
    for pattern in _MONGO_KAFKA:
        text = pattern.sub(r"\g<1>0", text)
    text = _GTID.sub('"gtid":"0"', _FILE.sub('"file":"0"', text))
    text = _SEQUENCE.sub(lambda found: re.sub(r"\d+", "0", found[0]), text)
    return _JAVA_OBJECT.sub(r"\g<1>0", _TRANSACTION.sub('"id":"0:0"', text))


def _mask_header(header: Header, text: str | None) -> str | None:
    return "RUN" if header.name == "__debezium.context.runId" else text
