"""What becomes of a snapshot, as the metrics tell it."""

from cdc.capture.stream_metrics import StreamMetrics
from cdc.metrics import Metrics

STATES = ("SnapshotRunning", "SnapshotCompleted", "SnapshotAborted", "SnapshotSkipped")


def states(metrics: Metrics) -> set[str]:
    return {name for name in STATES if metrics.values.get(name)}


def test_a_snapshot_runs_until_it_is_finished() -> None:
    metrics = Metrics()
    stream = StreamMetrics(metrics)
    stream.snapshot_started()
    assert states(metrics) == {"SnapshotRunning"}
    assert "SnapshotDurationInSeconds" in metrics.since
    stream.snapshot_finished()
    stream.connected()
    stream.closed()
    assert states(metrics) == {"SnapshotCompleted"}
    assert metrics.values["SnapshotDurationInSeconds"] == 0
    assert "SnapshotDurationInSeconds" not in metrics.since


def test_a_snapshot_that_ends_early_was_aborted() -> None:
    metrics = Metrics()
    stream = StreamMetrics(metrics)
    stream.snapshot_started()
    stream.closed()
    assert states(metrics) == {"SnapshotAborted"}


def test_a_stream_without_a_snapshot_skipped_it() -> None:
    metrics = Metrics()
    stream = StreamMetrics(metrics)
    stream.connected()
    assert (states(metrics), metrics.values["Connected"]) == ({"SnapshotSkipped"}, True)
    stream.closed()
    assert (states(metrics), metrics.values["Connected"]) == ({"SnapshotSkipped"}, False)
