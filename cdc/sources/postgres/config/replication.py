"""Options of slot, publication and stream."""

from __future__ import annotations

import re

from cdc import config as options
from cdc.config import Config, Kind, Option


def _stream_params(text: str) -> tuple[tuple[str, str], ...]:
    pairs = [entry.partition("=") for entry in filter(None, map(str.strip, text.split(";")))]
    if any(not separator for _, separator, _ in pairs):
        raise ValueError("Parameters must be of the form name=value;name=value")
    ours = {"proto_version", "streaming", "binary", "two_phase"} & {name.strip() for name, _, _ in pairs}
    if ours:
        raise ValueError(f"{', '.join(sorted(ours))} cannot be chosen: the connector relies on its own")
    return tuple((name.strip(), value.strip()) for name, _, value in pairs)


def _legal_slot(value: str) -> None:
    if not re.fullmatch(r"[a-z0-9_]{1,63}", value):
        raise ValueError(
            "Valid replication slot name must contain only digits, lowercase characters and underscores "
            "with length <= 63"
        )


class ReplicationOptions(Config):
    """Slot, publication, stream."""

    plugin_name = options.choice(
        "plugin.name",
        ("pgoutput",),
        "pgoutput",
        old={"decoderbufs": "pgoutput"},
        doc="Output plug-in of the slot. Always pgoutput: it comes with the server.",
        group="Replication",
    )
    slot_name = options.string(
        "slot.name",
        "debezium",
        doc="Name of the replication slot.",
        group="Replication",
        validate=lambda value: _legal_slot(value),
    )
    slot_drop_on_stop = options.boolean(
        "slot.drop.on.stop",
        False,
        doc="Drop the slot at an orderly stop. For tests: what happens meanwhile is lost.",
        group="Replication",
    )
    slot_failover = options.boolean(
        "slot.failover",
        False,
        doc="Create the slot so that standbys synchronize it (PostgreSQL 17 and later).",
        group="Replication",
    )
    slot_stream_params: Option[tuple[tuple[str, str], ...]] = Option(
        "slot.stream.params",
        Kind.STRING,
        _stream_params,
        (),
        doc="Parameters for the output plug-in, as `name=value;name=value`.",
        group="Replication",
    )
    slot_max_retries = options.integer(
        "slot.max.retries",
        6,
        at_least=0,
        doc="How often to try again when the slot is busy.",
        group="Replication",
    )
    slot_retry_delay_ms = options.integer(
        "slot.retry.delay.ms", 10_000, at_least=0, doc="Time between these tries, in ms.", group="Replication"
    )
    publication_name = options.string(
        "publication.name", "dbz_publication", doc="Name of the publication.", group="Replication"
    )
    publication_autocreate_mode = options.choice(
        "publication.autocreate.mode",
        ("all_tables", "disabled", "filtered", "no_tables"),
        "all_tables",
        doc="What publication to create when there is none: of all tables, of the captured ones "
        "(kept up to date), an empty one, or none at all.",
        group="Replication",
    )
    publish_via_partition_root = options.boolean(
        "publish.via.partition.root",
        False,
        doc="Whether changes of partitions are published as changes of their root.",
        group="Replication",
    )
    status_update_interval_ms = options.integer(
        "status.update.interval.ms",
        10_000,
        at_least=100,
        doc="How often to tell the server what is durable, in ms.",
        group="Replication",
    )
    offset_mismatch_strategy = options.choice(
        "offset.mismatch.strategy",
        ("no_validation", "trust_offset", "trust_slot", "trust_greater_lsn"),
        "trust_offset",
        doc="What to do when the slot is ahead of the stored offset: fail or snapshot anew, because changes "
        "are gone (trust_offset), or go on from the slot (the others).",
        group="Replication",
    )
