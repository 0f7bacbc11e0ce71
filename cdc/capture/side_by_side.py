"""Several tables read at the same time: what each has next is on its way while the last is made use of."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from itertools import islice
from typing import Generic, TypeVar

Job = TypeVar("Job")
Answer = TypeVar("Answer")
Connection = TypeVar("Connection")
_PATIENCE = 0.5


class Lent(Generic[Connection]):
    """Connections of which each is one reader's at a time."""

    def __init__(self, connections: Sequence[Connection]) -> None:
        self._free = list(connections)

    @contextmanager
    def one(self) -> Iterator[Connection]:
        """Lend one that nobody else reads with; there is one for each thread."""
        connection = self._free.pop()
        try:
            yield connection
        finally:
            self._free.append(connection)


def answers(
    jobs: Iterable[Job], read: Callable[[Job], Iterator[Answer]], threads: int, cancel: Callable[[], None]
) -> Iterator[tuple[Job, Answer | None] | None]:
    """Yield as `side_by_side` does, in this thread where there is one alone.

    cancel: ends what the server does for all of them; else whoever stops early would wait for its answers.
    """
    if threads == 1:
        for job in jobs:
            yield from ((job, answer) for answer in read(job))
            yield job, None
        return
    found = side_by_side(jobs, read, threads)
    try:
        for one in found:  # noqa: UP028 - `yield from` would close what it delegates to first
            yield one
    except GeneratorExit:
        cancel()
        found.close()
        raise


def side_by_side(
    jobs: Iterable[Job],
    read: Callable[[Job], Iterator[Answer]],
    threads: int,
) -> Generator[tuple[Job, Answer | None] | None, None, None]:
    """Yield the answers of so many jobs at a time as there are threads; None for an answer ends a job.

    What `read` returns runs in a thread, one answer at a time; it is called in the caller's. Where no
    answer comes for a while None is yielded, so that the caller can do something else.
    """
    unread = iter(jobs)
    running: dict[Future[Answer | None], tuple[Job, Iterator[Answer]]] = {}

    with ThreadPoolExecutor(threads, "snapshot") as pool:

        def ask(job: Job, found: Iterator[Answer]) -> None:
            running[pool.submit(next, found, None)] = (job, found)

        for job in islice(unread, threads):
            ask(job, read(job))
        while running:
            done = wait(running, _PATIENCE, FIRST_COMPLETED).done
            if not done:
                yield None
            for future in done:
                job, found = running.pop(future)
                data = future.result()
                if data is not None:
                    ask(job, found)
                else:
                    for new in islice(unread, 1):
                        ask(new, read(new))
                yield job, data
