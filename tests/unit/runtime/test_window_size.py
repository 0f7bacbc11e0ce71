"""How much a source task reads at once."""

from typing import Any

from cdc.batch import Window
from cdc.runtime.window_size import MOST, WindowSize


def window(tables: int, rows: int, *, more: bool = True) -> Window:
    batches: Any = [range(rows)] * tables
    return Window(batches, more=more)


def test_a_backlog_of_many_tables_is_read_in_larger_windows_and_no_other() -> None:
    size = WindowSize(1000)
    size.learn(window(1, 5000))
    size.learn(window(100, 10, more=False))
    size.learn(Window(more=True))
    assert size.bytes == 1000
    for _ in range(10):
        size.learn(window(100, 10))
    assert size.bytes == 1000 * MOST


def test_windows_become_small_again_with_few_tables_and_when_all_is_read() -> None:
    size = WindowSize(1000)
    size.learn(window(100, 10))
    size.learn(window(100, 10))
    assert size.bytes == 4000
    size.learn(window(2, 2000))
    assert size.bytes == 2000
    for _ in range(3):
        size.learn(window(100, 10, more=False))
    assert size.bytes == 1000
