"""A process that writes: `python -m tests.conformance.log_child NAME WORKER CONNECTOR TASK TOPIC COUNT`."""

from __future__ import annotations

import json
import sys

from cdc.plugin import PluginKind, find
from tests.conformance.logs import rows

if __name__ == "__main__":
    name, worker, connector, task, topic, count = sys.argv[1:]
    plugin = find(PluginKind.LOG, name)
    log = plugin.cls(plugin.config_class(json.loads(worker)))
    writer = log.writer("processes", int(task), json.loads(connector))
    for start in range(0, int(count), 50):
        for where in (topic, f"{topic}-{task}"):
            writer.append(rows(where, start, start + 50, headers=[("task", task.encode())]), lambda: None)
        writer.commit({task.encode(): b"%d" % (start + 50)}, lambda: None)
    writer.close()
    log.close()
