"""What Prometheus scrapes."""

import httpx
from prometheus_client.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from cdc.metrics import Histogram, Metrics
from cdc.rest.attributes import DEBEZIUM, OWN
from cdc.rest.collector import HerderCollector, quantile
from cdc.rest.server import listen, start
from tests.fakes.herder import FakeHerder

STREAMING = {"plugin": "postgres", "name": "shop", "context": "streaming", "task": "0"}
SNAPSHOT = {**STREAMING, "context": "snapshot"}
TASK = {"connector": "pg", "task": "0", "type": "source"}


def scrape(metrics: Metrics, plugin: str = "postgres") -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    herder = FakeHerder()
    herder.add("pg", **{"topic.prefix": "shop"})
    herder.measure("pg", metrics, plugin)
    text = generate_latest(HerderCollector(herder)).decode()
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def key(name: str, labels: dict[str, str], **more: str) -> tuple[str, frozenset[tuple[str, str]]]:
    return name, frozenset({**labels, **more}.items())


def test_attributes_keep_the_names_and_labels_that_dashboards_ask_for() -> None:
    metrics = Metrics()
    metrics.set("TotalNumberOfEventsSeen", 7)
    metrics.set("snapshot.TotalNumberOfEventsSeen", 3)
    metrics.set("Connected", True)
    metrics.set("SnapshotCompleted", True)
    found = scrape(metrics)
    assert found[key("debezium_metrics_TotalNumberOfEventsSeen", STREAMING)] == 7
    assert found[key("debezium_metrics_TotalNumberOfEventsSeen", SNAPSHOT)] == 3
    assert found[key("debezium_metrics_Connected", STREAMING)] == 1
    assert found[key("debezium_metrics_SnapshotCompleted", SNAPSHOT)] == 1
    assert found[key("debezium_metrics_MilliSecondsSinceLastEvent", STREAMING)] == -1


def test_texts_lists_and_maps_are_labels() -> None:
    metrics = Metrics()
    metrics.set("LastTransactionId", '7"33\n')
    metrics.set("CapturedTables", ["public.a", "public.b"])
    metrics.set("SourceEventPosition", {"lsn": 12, "commit": "11", "note": "no number"})
    metrics.tables["public.a"] = {"RowsScanned": 5, "rows": 9}
    found = scrape(metrics)
    assert found[key("debezium_metrics_LastTransactionId_info", STREAMING, value='7"33\n')] == 1
    assert found[key("debezium_metrics_CapturedTables", STREAMING, table="public.b")] == 1
    assert found[key("debezium_metrics_SourceEventPosition", STREAMING, key="lsn")] == 12
    assert found[key("debezium_metrics_SourceEventPosition", STREAMING, key="commit")] == 11
    assert key("debezium_metrics_SourceEventPosition", STREAMING, key="note") not in found
    assert found[key("debezium_metrics_RowsScanned", SNAPSHOT, table="public.a")] == 5
    assert found[key("cdc_table_rows_total", TASK, table="public.a")] == 9


def test_every_number_is_there_from_the_start() -> None:
    names = {name for name, _ in scrape(Metrics())}
    numbers = [one for one in DEBEZIUM if one.belongs_to("postgres") and one.shape in ("number", "0 or 1")]
    assert {f"debezium_metrics_{one.name}" for one in numbers} <= names
    own = {one.name for one in OWN if one.kind != "histogram"} - {"cdc_table_rows_total"}
    assert own <= names


def test_a_connector_has_no_attributes_of_another_database() -> None:
    assert "debezium_metrics_BinlogPosition" not in {name for name, _ in scrape(Metrics())}
    assert "debezium_metrics_BinlogPosition" in {name for name, _ in scrape(Metrics(), "mysql")}


def test_own_counters_and_what_a_plugin_counts() -> None:
    metrics = Metrics()
    metrics.add("rows", 10)
    metrics.add("bytes", 1000)
    metrics.add("QueueFlushes", 2)
    metrics.set("lastError", "text is no number")
    found = scrape(metrics)
    assert found[key("cdc_rows_total", TASK)] == 10
    assert found[key("cdc_bytes_total", TASK)] == 1000
    assert found[key("cdc_errors_total", TASK)] == 0
    assert found[key("cdc_queue_flushes", TASK)] == 2
    assert found[key("cdc_task_resident_memory_bytes", TASK)] == 50_000_000
    assert found[key("cdc_worker_resident_memory_bytes", {})] > 0


def test_the_lag_is_split_by_stage() -> None:
    metrics = Metrics()
    metrics.observe("lag.read", 3, 98)
    metrics.observe("lag.read", 700, 2)
    metrics.observe("lag.append", 1)
    metrics.observe("flush", 40)
    found = scrape(metrics)
    assert found[key("cdc_lag_seconds_bucket", TASK, stage="read", le="0.005")] == 98
    assert found[key("cdc_lag_seconds_bucket", TASK, stage="read", le="+Inf")] == 100
    assert found[key("cdc_lag_seconds_sum", TASK, stage="read")] == 1.694
    assert found[key("cdc_lag_seconds_count", TASK, stage="append")] == 1
    assert found[key("cdc_flush_seconds_count", TASK)] == 1
    assert found[key("debezium_metrics_MilliSecondsBehindSourceAverageValue", STREAMING)] == 16.94
    assert 2 <= found[key("debezium_metrics_MilliSecondsBehindSourceP50", STREAMING)] <= 5
    assert 500 <= found[key("debezium_metrics_MilliSecondsBehindSourceP99", STREAMING)] <= 1000


def test_the_state_is_one_of_all() -> None:
    found = scrape(Metrics())
    assert found[key("cdc_task_state", TASK, state="RUNNING")] == 1
    assert found[key("cdc_task_state", TASK, state="FAILED")] == 0
    assert found[key("cdc_task_phase", TASK, phase="streaming")] == 1


def test_quantiles_beyond_the_last_bucket() -> None:
    histogram = Histogram()
    histogram.observe(10_000_000)
    assert quantile(histogram.counts, 0.5) == 60_000


def test_over_http() -> None:
    server = start(FakeHerder(), listen("127.0.0.1", 0))
    answer = httpx.get(f"{server.url}/metrics/")
    server.stop()
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'cdc_worker_info{cluster_id="cluster-1"' in answer.text


def test_values_of_an_unexpected_kind_do_not_hide_the_others() -> None:
    metrics = Metrics()
    metrics.set("RowsScanned", 5)
    metrics.set("CapturedTables", 2)
    metrics.set("NumberOfEventsFiltered", "many")
    metrics.set("LastTransactionId", {"a": 1})
    found = scrape(metrics)
    assert found[key("debezium_metrics_RowsScanned", SNAPSHOT)] == 5
    assert found[key("debezium_metrics_CapturedTables", STREAMING)] == 2
    assert found[key("debezium_metrics_NumberOfEventsFiltered", STREAMING)] == 0
