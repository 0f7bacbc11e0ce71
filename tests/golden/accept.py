"""Accept that our events of a case differ from Debezium's: `python -m tests.golden.accept REASON CASE…`.

Writes `ours.jsonl` into the folder of each case: the reason and the topics that only Debezium has,
then our masked events of the topics that differ.
"""

import json
import sys

from tests.golden.corpus import Case, by_topic, cases
from tests.golden.replay import replay
from tests.golden.targets import DATABASE
from tests.servers.postgres import PostgresServer


def accept(case: Case, reason: str, server: PostgresServer) -> int:
    """Write what differs now; return the number of events. Nothing differs: the file goes away."""
    database = server.create_database(DATABASE)
    try:
        ours = by_topic(replay(case, database))
    finally:
        database.drop()
    theirs = by_topic(case.events)
    differing = [event for topic, events in ours.items() if events != theirs.get(topic) for event in events]
    file = case.folder / "ours.jsonl"
    if differing:
        head = {"reason": reason, "without": sorted(theirs.keys() - ours.keys())}
        lines = [json.dumps(head), *(event.dump() for event in differing)]
        file.write_text("\n".join(lines) + "\n", "utf-8")
    else:
        file.unlink(missing_ok=True)
    return len(differing)


def main(reason: str, names: list[str]) -> None:
    """Accept the named cases."""
    server = PostgresServer(17)
    server.start()
    try:
        for case in cases():
            if case.name in names:
                print(case.name, accept(case, reason, server), "events")
    finally:
        server.stop()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
