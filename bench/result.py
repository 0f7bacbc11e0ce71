"""What a measure found, in the form of bench/results.json, and the floors it is held to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

STANDARD = (
    "ours",
    "unit",
    "limit",
    "debezium",
    "debezium_tuned",
    "ratio_limit",
    "ratio_debezium",
    "ratio_debezium_tuned",
    "cpu_us_per_row",
)
"""The keys that every measure has; None where it makes no sense."""


FAILED = "failed"
"""The unit of what could not be measured."""


@dataclass(frozen=True, slots=True)
class Floor:
    """What a value must reach: at least, or at most."""

    key: str
    value: float
    at_most: bool = False

    def holds(self, found: object) -> bool:
        """Tell whether a value is good enough; one that was not measured is not judged."""
        if not isinstance(found, (int, float)):
            return True
        return found <= self.value if self.at_most else found >= self.value

    def __str__(self) -> str:
        return f"{self.key} {'≤' if self.at_most else '≥'} {self.value:g}"


FLOORS: Mapping[str, tuple[Floor, ...]] = {
    "pg_stream_kafka": (
        Floor("ratio_debezium", 3.5),
        Floor("ratio_debezium_tuned", 1.8),
        Floor("cpu_ratio_debezium_tuned", 0.25, at_most=True),
    ),
    "pg_snapshot_kafka": (
        Floor("ratio_debezium", 7),
        Floor("ratio_debezium_tuned", 3),
        Floor("ratio_limit", 0.25),
    ),
    "pg_stream_embedded": (Floor("ratio_kafka", 0.8),),
    "pg_stream_columns": (Floor("ratio_kafka", 0.5),),
    "jdbc_sink_pg": (Floor("ratio_debezium", 3),),
    "mysql_stream_kafka": (
        Floor("ratio_debezium", 4),
        Floor("ratio_debezium_tuned", 2),
        Floor("ratio_limit", 1),
    ),
    "mysql_snapshot_kafka": (Floor("ratio_debezium", 4), Floor("ratio_debezium_tuned", 2)),
    "mysql_1000_tables": (Floor("cost_ratio", 1.2, at_most=True), Floor("start_seconds", 3, at_most=True)),
    "mongo_stream_kafka": (Floor("ratio_debezium", 2), Floor("ratio_limit", 0.4)),
    "mongo_snapshot_kafka": (Floor("ratio_debezium", 2), Floor("ratio_limit", 0.4)),
    "first_event": (Floor("seconds", 1.0, at_most=True),),
    "latency": (Floor("p50_ms", 10, at_most=True), Floor("p99_ms", 40, at_most=True)),
    "end_to_end": (Floor("p50_ms", 30, at_most=True), Floor("p99_ms", 100, at_most=True)),
    "memory": (Floor("full_speed_mb", 110, at_most=True), Floor("idle_mb", 90, at_most=True)),
    "big_transaction": (Floor("rss_growth_mb", 20, at_most=True),),
}
"""By measure. `first_load` is judged by itself: one of two floors is enough."""

FIRST_LOAD = (Floor("rows_per_s", 90_000), Floor("ratio_limit", 0.35))


@dataclass(slots=True)
class Result:
    """One measure; `values` has the standard keys and the measure's own."""

    name: str
    values: dict[str, float | str | None] = field(default_factory=dict)

    def document(self) -> dict[str, float | str | None]:
        """Return it as results.json has it, numbers rounded to what they are worth."""
        whole = dict.fromkeys(STANDARD) | self.values
        return {
            key: float(f"{value:.4g}") if isinstance(value, float) else value for key, value in whole.items()
        }

    def missed(self) -> list[str]:
        """Return the floors that are not reached; all of them when nothing was measured."""
        if self.values.get("unit") == FAILED:
            return ["could not be measured"]
        if self.name == "first_load":
            reached = any(floor.holds(self.values.get(floor.key)) for floor in FIRST_LOAD)
            return [] if reached else [" or ".join(map(str, FIRST_LOAD))]
        floors = FLOORS.get(self.name, ())
        return [str(floor) for floor in floors if not floor.holds(self.values.get(floor.key))]
