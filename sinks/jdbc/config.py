"""Options of the JDBC sink, in Debezium's spelling and in Confluent's."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cdc.config import (
    Importance,
    Kind,
    Option,
    Secret,
    boolean,
    choice,
    integer,
    names,
    optional_string,
    password,
    string,
)
from cdc.errors import Problem
from sinks.jdbc import url
from sinks.jdbc.naming import TableNames
from sinks.jdbc.table_options import AUTOMATIC, TableOptions

CONNECTION, WRITING, RETRIES = "Connection", "Writing", "Retries"


class JdbcSinkConfig(TableOptions):
    """Options of the JDBC sink.

    What is not given is chosen by the record: rows with a key are upserted and deleted by it, rows
    without one are appended.
    """

    tolerated = (
        "connection.pool.", "connection.provider", "connection.restart", "hibernate.", "dialect.",
        "connection.attempts", "connection.backoff", "topics", "table.types", "trim.sensitive",
        "mssql.", "collection.naming.strategy", "column.naming.strategy", "name", "connector.class",
        "tasks.max", "task.class", "key.converter", "value.converter", "header.converter", "transforms",
        "predicates", "errors.", "consumer.override.", "config.action.reload",
    )  # fmt: skip

    connection_url: Option[Secret] = Option(
        "connection.url",
        Kind.STRING,
        url.ShownUrl,
        doc="Where to write: `jdbc:postgresql://host:5432/db`, `jdbc:mysql:`, `jdbc:mariadb:`, "
        "`jdbc:sqlite:/path`, or an SQLAlchemy URL. TLS to MySQL and MariaDB: `sslMode`, `serverSslCert`, or "
        "`ssl_ca`, `ssl_cert` and `ssl_key`, PEM files.",
        importance=Importance.HIGH,
        group=CONNECTION,
    )
    username = optional_string(
        "connection.username",
        doc="User of the target database; wins over the one in the URL.",
        aliases=("connection.user",),
        importance=Importance.HIGH,
        group=CONNECTION,
    )
    password = password(
        "connection.password",
        doc="Password of the target database; wins over the one in the URL.",
        importance=Importance.HIGH,
        group=CONNECTION,
    )
    insert_mode = choice(
        "insert.mode",
        (AUTOMATIC, "insert", "update", "upsert"),
        AUTOMATIC,
        doc="How rows are written: `insert`, `update` or `upsert`. Not given: upsert where records "
        "have a key, insert where they have none.",
        importance=Importance.HIGH,
        group=WRITING,
    )
    key_mode = choice(
        "primary.key.mode",
        (AUTOMATIC, "none", "kafka", "record_key", "record_value", "record_header"),
        AUTOMATIC,
        doc="Where the primary key comes from: `none`, `kafka` (topic, partition and offset), "
        "`record_key`, `record_value` or `record_header`. Not given: record_key where there is one.",
        aliases=("pk.mode",),
        importance=Importance.HIGH,
        group=WRITING,
    )
    key_fields = names(
        "primary.key.fields",
        doc="The fields of the primary key; not given: all fields of the key.",
        aliases=("pk.fields",),
        group=WRITING,
    )
    delete_enabled = choice(
        "delete.enabled",
        (AUTOMATIC, "true", "false"),
        AUTOMATIC,
        doc="Whether deletes and tombstones delete the row. Not given: true where records have a key.",
        group=WRITING,
    )
    truncate_enabled = boolean(
        "truncate.enabled", False, doc="Whether a truncate of the source empties the table.", group=WRITING
    )
    batch_size = integer(
        "batch.size",
        20000,
        at_least=1,
        doc="How many records one transaction takes at most.",
        group=WRITING,
    )
    batch_bytes = integer(
        "batch.max.bytes",
        8 * 1024 * 1024,
        at_least=1024,
        doc="How many bytes of records are held at most before they are written.",
        group=WRITING,
        importance=Importance.LOW,
    )
    reduction = choice(
        "use.reduction.buffer",
        (AUTOMATIC, "true", "false"),
        AUTOMATIC,
        doc="Whether only the last write to a key within a batch is carried out. Not given: yes, but "
        "not for tables with a further unique index, where the order of all writes counts.",
        group=WRITING,
    )
    placeholder = string(
        "unavailable.value.placeholder",
        "__debezium_unavailable_value",
        doc="What stands for an unchanged value that the source did not log; the column then keeps "
        "its value.",
        importance=Importance.LOW,
        group=WRITING,
    )
    guard_column = optional_string(
        "guard.column",
        doc="Name of a BIGINT column that keeps the source position of each row. A row is then never "
        "overwritten or deleted by an older change, whatever is read again (offsets reset, two "
        "connectors, a restored topic).",
        group=WRITING,
        importance=Importance.LOW,
    )
    zone = string(
        "use.time.zone",
        "UTC",
        doc="Time zone in which columns without zone keep zoned values.",
        aliases=("db.timezone", "database.time_zone"),
        group=WRITING,
    )
    max_retries = integer(
        "flush.max.retries",
        5,
        at_least=0,
        doc="How often a write is tried again when the database asks for it (deadlock, lost connection).",
        aliases=("max.retries",),
        group=RETRIES,
    )
    retry_delay_ms = integer(
        "flush.retry.delay.ms",
        1000,
        at_least=0,
        doc="The longest pause before a write is tried again; the first ones are shorter.",
        aliases=("retry.backoff.ms",),
        group=RETRIES,
    )

    @cached_property
    def target(self) -> url.Target:
        """Where to connect."""
        return url.parse(self.connection_url.reveal(), self.username, self.password)

    @property
    def table_names(self) -> TableNames:
        """How tables are named."""
        plain = self.target.dialect == "sqlite"
        return TableNames(
            self.table_format, self.table_prefix, self.table_suffix, self.table_style, plain=plain
        )

    def check(self) -> Iterable[Problem]:
        """Yield what is wrong between options."""
        try:
            _ = self.target
        except ValueError as error:
            yield Problem("connection.url", f"Invalid value for configuration connection.url: {error}")
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            yield Problem("use.time.zone", f"Invalid value {self.zone} for configuration use.time.zone")
        if self.key_mode in ("record_value", "record_header") and not self.key_fields:
            yield Problem("primary.key.fields", f"primary.key.mode={self.key_mode} needs primary.key.fields")
        if self.key_mode == "none" and self.insert_mode in ("update", "upsert"):
            yield Problem("insert.mode", f"insert.mode={self.insert_mode} needs a primary.key.mode")
        if self.delete_enabled == "true" and self.key_mode in ("none", "kafka"):
            yield Problem("delete.enabled", "delete.enabled needs a key: primary.key.mode")
        if self.include_fields and self.exclude_fields:
            yield Problem("field.exclude.list", "give either field.include.list or field.exclude.list")
