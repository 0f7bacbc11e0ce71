"""What the end of a task's process means."""

from typing import Any

import pytest

from cdc.runtime.backoff import Backoff
from cdc.runtime.herder import TaskState
from cdc.runtime.task_handle import TaskHandle

AWAY = {"kind": "failed", "trace": "Traceback", "message": "the database is away", "retry": True}
BROKEN = {**AWAY, "message": "no good", "retry": False}


@pytest.mark.parametrize(
    ("ended", "stopping", "state", "message"),
    [
        (AWAY, False, TaskState.RESTARTING, "the database is away"),
        (AWAY, True, TaskState.UNASSIGNED, "the database is away"),
        ({**AWAY, "crash": True}, True, TaskState.UNASSIGNED, None),
        (BROKEN, False, TaskState.FAILED, "no good"),
        (BROKEN, True, TaskState.FAILED, "no good"),
        ({"kind": "stopped"}, True, TaskState.UNASSIGNED, None),
        ({"kind": "stopped"}, False, TaskState.RESTARTING, None),
        ({"kind": "finished"}, False, TaskState.STOPPED, None),
    ],
)
def test_how_a_task_ends(
    ended: dict[str, Any], stopping: bool, state: TaskState, message: str | None
) -> None:
    handle = TaskHandle("shop", 0, "source", "lines", {}, -1, Backoff())
    handle._settle(ended, stopping=stopping)
    assert (handle.state, handle.message) == (state, message)
    assert (handle.restart_at is not None) == (state is TaskState.RESTARTING)
