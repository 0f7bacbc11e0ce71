"""The change stream asked for more while what came is made use of: server and task work side by side."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor, wait

from cdc.sources.mongodb.change_stream import Batch, ChangeStream


class ReadAhead:
    """Read an open change stream; two answers of at most 16 MB each are held.

    Behind an answer without events nothing is asked for: whoever waits for the next ones does that.
    """

    def __init__(self, stream: ChangeStream) -> None:
        self._stream = stream
        self._pool = ThreadPoolExecutor(1, "change-stream")
        self._coming: Future[Batch] | None = None

    def next(self, patience: float) -> Batch:
        """Return the next answer, after about `patience` seconds at most; raises what the stream raises."""
        coming, self._coming = self._coming, None
        batch = self._stream.next(patience) if coming is None else coming.result()
        if batch.places:
            self._coming = self._pool.submit(self._stream.next, patience)
        return batch

    def close(self) -> None:
        """Wait for the answer that is on its way: the stream is the caller's from now on."""
        coming, self._coming = self._coming, None
        if coming is not None:
            wait([coming])
        self._pool.shutdown()
