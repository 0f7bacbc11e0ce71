"""Options of the PostgreSQL source, under Debezium's names, with its defaults and units."""

from __future__ import annotations

import re
from collections.abc import Iterable

from cdc import config as options
from cdc.config import Config, Importance, Kind, Option, Options
from cdc.errors import Problem
from cdc.filters import java_regex, parse_patterns

HIGH, LOW = Importance.HIGH, Importance.LOW
Patterns = tuple[re.Pattern[str], ...]
KeyColumns = tuple[tuple[re.Pattern[str], tuple[str, ...]], ...]


def patterns(name: str, doc: str, group: str = "Filters") -> Option[Patterns]:
    """Declare an include or exclude list of anchored, case-insensitive Java regular expressions."""
    return Option(name, Kind.LIST, parse_patterns, (), doc=doc, group=group, importance=HIGH)


def _key_columns(text: str) -> KeyColumns:
    found = []
    for entry in filter(None, map(str.strip, text.split(";"))):
        table, colon, columns = entry.rpartition(":")
        if not colon or not columns.strip():
            raise ValueError(f"{entry!r} is not of the form <table regex>:<column>,<column>")
        names = tuple(column.strip() for column in columns.split(","))
        found.append((java_regex(table.strip(), re.IGNORECASE), names))
    return tuple(found)


def _operations(text: str) -> frozenset[str]:
    words = {word.strip().lower() for word in text.split(",") if word.strip()}
    if not words <= {"c", "u", "d", "t", "none"}:
        raise ValueError("Operations must be of c, u, d, t, or none")
    return frozenset(words - {"none"})


def _stream_params(text: str) -> tuple[tuple[str, str], ...]:
    pairs = [entry.partition("=") for entry in filter(None, map(str.strip, text.split(";")))]
    if any(not separator for _, separator, _ in pairs):
        raise ValueError("Parameters must be of the form name=value;name=value")
    return tuple((name.strip(), value.strip()) for name, _, value in pairs)


class PostgresConnection(Config):
    """How to reach the server."""

    hostname = options.string(
        "database.hostname", doc="Host name or address of the server.", importance=HIGH, group="Connection"
    )
    port = options.integer(
        "database.port",
        5432,
        at_least=1,
        at_most=65535,
        doc="Port of the server.",
        importance=HIGH,
        group="Connection",
    )
    user = options.string(
        "database.user",
        doc="User to connect as; needs the REPLICATION right.",
        importance=HIGH,
        group="Connection",
    )
    password = options.password(
        "database.password", doc="Password of the user.", importance=HIGH, group="Connection"
    )
    dbname = options.string(
        "database.dbname", doc="Name of the database to stream from.", importance=HIGH, group="Connection"
    )
    sslmode = options.choice(
        "database.sslmode",
        ("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
        "prefer",
        doc="Whether the connection is encrypted and the server verified.",
        group="Connection",
    )
    sslcert = options.optional_string(
        "database.sslcert", doc="File with the client's certificate.", group="Connection"
    )
    sslkey = options.optional_string(
        "database.sslkey", doc="File with the client's private key (PEM).", group="Connection"
    )
    sslpassword = options.password(
        "database.sslpassword", doc="Password of the client's private key.", group="Connection"
    )
    sslrootcert = options.optional_string(
        "database.sslrootcert",
        doc="File with the root certificates that the server is verified with.",
        group="Connection",
    )
    tcp_keep_alive = options.boolean(
        "database.tcpKeepAlive", True, doc="Probe idle connections.", group="Connection"
    )
    initial_statements = options.optional_string(
        "database.initial.statements",
        doc="Statements, separated by `;` (`;;` is a semicolon), to run on each connection that is not "
        "for replication.",
        group="Connection",
    )
    query_timeout_ms = options.integer(
        "database.query.timeout.ms",
        600_000,
        at_least=0,
        doc="Time a query of the catalog may take, in ms; 0 waits for ever.",
        group="Connection",
    )


class PostgresConfig(PostgresConnection):
    """All options of the connector."""

    tolerated = ("snapshot.select.statement.overrides.", "transforms", "predicates", "converters")

    topic_prefix = options.string(
        "topic.prefix",
        doc="Logical name of the server: prefix of topics and schema names, key of the heartbeat.",
        importance=HIGH,
        validate=lambda value: _legal_prefix(value),
    )
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
    message_prefix_include = patterns(
        "message.prefix.include.list", "Prefixes of the logical messages to capture; all by default."
    )
    message_prefix_exclude = patterns(
        "message.prefix.exclude.list", "Prefixes of the logical messages not to capture."
    )

    schema_include = patterns("schema.include.list", "Schemas to capture; all by default.")
    schema_exclude = patterns("schema.exclude.list", "Schemas not to capture.")
    table_include = patterns("table.include.list", "Tables (`schema.table`) to capture; all by default.")
    table_exclude = patterns("table.exclude.list", "Tables (`schema.table`) not to capture.")
    column_include = patterns(
        "column.include.list", "Columns (`schema.table.column`) to capture; all by default."
    )
    column_exclude = patterns("column.exclude.list", "Columns (`schema.table.column`) not to capture.")
    message_key_columns: Option[KeyColumns] = Option(
        "message.key.columns",
        Kind.STRING,
        _key_columns,
        (),
        doc="Columns to use as the key of some tables: `<table regex>:<column>,<column>;…`.",
        group="Filters",
    )
    skipped_operations = Option(
        "skipped.operations",
        Kind.LIST,
        _operations,
        frozenset({"t"}),
        doc="Operations not to capture while streaming: c, u, d, t, or none.",
        group="Filters",
    )
    skip_without_change = options.boolean(
        "skip.messages.without.change",
        False,
        doc="Leave out updates that change no captured column (needs REPLICA IDENTITY FULL).",
        group="Filters",
    )

    tombstones_on_delete = options.boolean(
        "tombstones.on.delete",
        True,
        doc="Follow each delete with a null value, for compaction.",
        group="Events",
    )
    provide_transaction_metadata = options.boolean(
        "provide.transaction.metadata",
        False,
        doc="Mark the borders of transactions and number the events inside.",
        group="Events",
    )
    extended_headers_enabled = options.boolean(
        "extended.headers.enabled",
        True,
        doc="Add headers that name the connector, task and run.",
        group="Events",
    )
    topic_delimiter = options.string(
        "topic.delimiter", ".", doc="What stands between the parts of a topic's name.", group="Events"
    )
    topic_heartbeat_prefix = options.string(
        "topic.heartbeat.prefix", "__debezium-heartbeat", doc="Prefix of the heartbeat topic.", group="Events"
    )
    topic_heartbeat_name = options.string(
        "topic.heartbeat.name",
        "",
        doc="Name of the heartbeat topic, instead of prefix and server.",
        group="Events",
    )
    topic_transaction = options.string(
        "topic.transaction",
        "transaction",
        doc="Last part of the name of the transaction topic.",
        group="Events",
    )
    schema_name_adjustment = options.choice(
        "schema.name.adjustment.mode",
        ("none", "avro", "avro_unicode"),
        "none",
        doc="How schema names are made legal for a format.",
        group="Events",
    )
    field_name_adjustment = options.choice(
        "field.name.adjustment.mode",
        ("none", "avro", "avro_unicode"),
        "none",
        doc="How field names are made legal for a format.",
        group="Events",
    )
    heartbeat_interval_ms = options.integer(
        "heartbeat.interval.ms",
        0,
        at_least=0,
        doc="How often to send a heartbeat, in ms; 0 sends none.",
        group="Heartbeat",
    )
    heartbeat_action_query = options.optional_string(
        "heartbeat.action.query",
        doc="Statement to run on the source with every heartbeat.",
        group="Heartbeat",
    )

    decimal_handling = options.choice(
        "decimal.handling.mode",
        ("precise", "double", "string"),
        "precise",
        doc="How NUMERIC and MONEY are represented.",
        group="Types",
    )
    time_precision = options.choice(
        "time.precision.mode",
        ("adaptive", "adaptive_time_microseconds", "connect", "isostring", "microseconds", "nanoseconds"),
        "adaptive",
        doc="How dates and times are represented.",
        group="Types",
    )
    binary_handling = options.choice(
        "binary.handling.mode",
        ("bytes", "base64", "base64-url-safe", "hex"),
        "bytes",
        doc="How BYTEA is represented.",
        group="Types",
    )
    interval_handling = options.choice(
        "interval.handling.mode",
        ("numeric", "string"),
        "numeric",
        doc="Intervals as microseconds or as ISO 8601 text.",
        group="Types",
    )
    hstore_handling = options.choice(
        "hstore.handling.mode", ("json", "map"), "json", doc="How HSTORE is represented.", group="Types"
    )
    money_fraction_digits = options.integer(
        "money.fraction.digits", 2, at_least=0, doc="Fraction digits of MONEY.", group="Types"
    )
    include_unknown_datatypes = options.boolean(
        "include.unknown.datatypes",
        False,
        doc="Carry values of unknown types as opaque bytes.",
        group="Types",
    )
    unavailable_placeholder = options.string(
        "unavailable.value.placeholder",
        "__debezium_unavailable_value",
        doc="What stands for an unchanged TOAST value; `hex:` starts octets.",
        group="Types",
    )
    column_mask = Options(
        "column.mask.with.<length>.chars",
        r"column\.mask\.with\.(\d+)\.chars",
        Kind.LIST,
        parse_patterns,
        doc="Columns whose value becomes that many asterisks.",
        group="Types",
    )
    column_truncate = Options(
        "column.truncate.to.<length>.chars",
        r"column\.truncate\.to\.(\d+)\.chars",
        Kind.LIST,
        parse_patterns,
        doc="Columns whose value is cut to that many characters.",
        group="Types",
    )
    column_hash = Options(
        "column.mask.hash.<algorithm>.with.salt.<salt>",
        r"column\.mask\.(hash(?:\.v2)?)\.([^.]+)\.with\.salt\.(.+)",
        Kind.LIST,
        parse_patterns,
        doc="Columns whose value becomes its salted hash (`hash.v2` hashes the bytes of the text).",
        group="Types",
    )
    column_propagate_source_type = patterns(
        "column.propagate.source.type", "Columns whose source type goes into schema parameters.", "Types"
    )
    datatype_propagate_source_type = patterns(
        "datatype.propagate.source.type", "Types whose name goes into schema parameters.", "Types"
    )

    snapshot_mode = options.choice(
        "snapshot.mode",
        ("initial", "initial_only", "always", "no_data", "when_needed", "configuration_based"),
        "initial",
        old={"never": "no_data", "schema_only": "no_data", "exported": "initial"},
        doc="When to read the tables before streaming.",
        importance=HIGH,
        group="Snapshot",
    )
    snapshot_data = options.boolean(
        "snapshot.mode.configuration.based.snapshot.data",
        False,
        doc="configuration_based: whether to read the tables.",
        group="Snapshot",
        importance=LOW,
    )
    snapshot_schema = options.boolean(
        "snapshot.mode.configuration.based.snapshot.schema",
        False,
        doc="configuration_based: whether to read the schema (no effect here).",
        group="Snapshot",
        importance=LOW,
    )
    snapshot_stream = options.boolean(
        "snapshot.mode.configuration.based.start.stream",
        False,
        doc="configuration_based: whether to stream afterwards.",
        group="Snapshot",
        importance=LOW,
    )
    snapshot_on_data_error = options.boolean(
        "snapshot.mode.configuration.based.snapshot.on.data.error",
        False,
        doc="configuration_based: whether to read the tables anew when the log position is lost.",
        group="Snapshot",
        importance=LOW,
    )
    snapshot_include = patterns(
        "snapshot.include.collection.list",
        "Captured tables to read in the snapshot; all by default.",
        "Snapshot",
    )
    snapshot_overrides = options.names(
        "snapshot.select.statement.overrides",
        doc="Tables whose snapshot has a SELECT statement of its own, "
        "given as `snapshot.select.statement.overrides.<schema>.<table>`.",
        group="Snapshot",
    )
    snapshot_fetch_size = options.integer(
        "snapshot.fetch.size",
        10_240,
        at_least=1,
        doc="Rows to handle at a time; reading itself is bounded in bytes.",
        group="Snapshot",
    )
    snapshot_chunk_mb = options.integer(
        "snapshot.chunk.size.mb",
        32,
        at_least=1,
        doc="Size of the chunks, in MB of table, after which a cut snapshot goes on.",
        group="Snapshot",
    )
    snapshot_isolation_mode = options.choice(
        "snapshot.isolation.mode",
        ("serializable", "repeatable_read", "read_committed", "read_uncommitted"),
        "serializable",
        doc="Accepted for compatibility: a snapshot is always exactly consistent.",
        group="Snapshot",
        importance=LOW,
    )
    snapshot_locking_mode = options.choice(
        "snapshot.locking.mode",
        ("none", "shared", "custom"),
        "none",
        doc="Whether tables are locked (ACCESS SHARE) while they are read.",
        group="Snapshot",
        importance=LOW,
    )
    snapshot_lock_timeout_ms = options.integer(
        "snapshot.lock.timeout.ms",
        10_000,
        at_least=0,
        doc="How long to wait for such a lock, in ms.",
        group="Snapshot",
        importance=LOW,
    )
    snapshot_delay_ms = options.integer(
        "snapshot.delay.ms",
        0,
        at_least=0,
        doc="Wait before the snapshot, in ms.",
        group="Snapshot",
        importance=LOW,
    )

    def check(self) -> Iterable[Problem]:
        """Yield what is wrong between options."""
        for kind in ("schema", "table", "column", "message.prefix"):
            include, exclude = f"{kind}.include.list", f"{kind}.exclude.list"
            if include in self.values and exclude in self.values:
                yield Problem(exclude, f'"{include}" is already specified; set only one of the two')
        for table in self.snapshot_overrides:
            if f"snapshot.select.statement.overrides.{table}" not in self.raw:
                yield Problem(
                    "snapshot.select.statement.overrides",
                    f"snapshot.select.statement.overrides names {table}, but there is no option "
                    f"snapshot.select.statement.overrides.{table} with its statement",
                )

    def select_override(self, table: str) -> str | None:
        """Return the statement that replaces the snapshot's SELECT of `schema.table`."""
        if table in self.snapshot_overrides:
            return self.raw.get(f"snapshot.select.statement.overrides.{table}")
        return None


def _legal_prefix(value: str) -> None:
    if not re.fullmatch(r"[A-Za-z0-9._-]+", value):
        raise ValueError(
            f"{value!r} has invalid format (only the underscore, hyphen, dot and alphanumeric "
            "characters are allowed)"
        )


def _legal_slot(value: str) -> None:
    if not re.fullmatch(r"[a-z0-9_]{1,63}", value):
        raise ValueError(
            "Valid replication slot name must contain only digits, lowercase characters and underscores "
            "with length <= 63"
        )
