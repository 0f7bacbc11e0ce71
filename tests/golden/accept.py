"""Accept that our events differ from Debezium's: `python -m tests.golden.accept REASON [KIND/]CASE…`.

Writes `ours.jsonl` into the folder of each case: the reason and the topics that only Debezium has,
then our masked events of the topics that differ.
"""

import json
import sys
from collections.abc import Iterator
from fnmatch import fnmatch

from tests.golden.corpus import Case, Event, by_topic, cases
from tests.golden.replay import replay
from tests.golden.replay_binlog import replay_binlog
from tests.golden.targets import DATABASE, TARGETS, MySQLTarget
from tests.servers.postgres import PostgresServer


def accept(case: Case, reason: str, events: list[Event]) -> int:
    """Write what differs now; return the number of events. Nothing differs: the file goes away."""
    ours, theirs = by_topic(events), by_topic(case.events)
    differing = [event for topic, found in ours.items() if found != theirs.get(topic) for event in found]
    file = case.folder / "ours.jsonl"
    if differing:
        head = {"reason": reason, "without": sorted(theirs.keys() - ours.keys())}
        lines = [json.dumps(head), *(event.dump() for event in differing)]
        file.write_text("\n".join(lines) + "\n", "utf-8")
    else:
        file.unlink(missing_ok=True)
    return len(differing)


def _replayed(kind: str, chosen: list[Case]) -> Iterator[tuple[Case, list[Event]]]:
    if kind == "postgres":
        server = PostgresServer(17).start()
        for case in chosen:
            database = server.create_database(DATABASE)
            yield case, replay(case, database)
            database.drop()
        server.stop()
        return
    target = TARGETS[kind]()
    assert isinstance(target, MySQLTarget)
    for case in chosen:
        yield case, replay_binlog(case, target)
    target.stop()


def main(reason: str, names: list[str]) -> None:
    """Accept the named cases."""
    wanted = [name if "/" in name else f"*/{name}" for name in names]
    for kind in TARGETS:
        chosen = [case for case in cases(kind) if any(fnmatch(f"{kind}/{case.name}", one) for one in wanted)]
        if chosen:
            for case, events in _replayed(kind, chosen):
                print(f"{kind}/{case.name}", accept(case, reason, events), "events")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
