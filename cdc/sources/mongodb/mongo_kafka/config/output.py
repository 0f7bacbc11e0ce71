"""Options of what records are: formats, schemas, topics; and of what cannot be one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cdc import config as options
from cdc.capture.config.dead_letters import letter_headers, letter_topic
from cdc.config import Config, Importance, Kind, Option
from cdc.sources.mongodb import ejson
from cdc.sources.mongodb.mongo_kafka.avro_schema import parse_avro_schema
from cdc.sources.mongodb.mongo_kafka.config.schemas import KEY_SCHEMA, VALUE_SCHEMA
from cdc.sources.mongodb.mongo_kafka.config.values import namespace_map
from cdc.sources.mongodb.mongo_kafka.topics import NamespaceMap, TopicMapper
from schemas.connect import Schema

HIGH, LOW = Importance.HIGH, Importance.LOW

_FORMATTERS = "com.mongodb.kafka.connect.source.json.formatter."
FORMATTERS = {
    f"{_FORMATTERS}DefaultJson": ejson.DEFAULT_JSON,
    f"{_FORMATTERS}ExtendedJson": ejson.EXTENDED_JSON,
    f"{_FORMATTERS}SimplifiedJson": ejson.SIMPLIFIED_JSON,
}
_MAPPER = "com.mongodb.kafka.connect.source.topic.mapping.DefaultTopicMapper"


def _java_class(name: str, known: Sequence[str], advice: str, **more: Any) -> Option[str]:
    """Declare an option that names a Java class; its default is the first one known."""

    def parse(text: str) -> str:
        if text.strip() not in known:
            names = ", ".join(known)
            raise ValueError(f"Java classes of your own cannot run here, there is {names}{advice}")
        return text.strip()

    return Option(name, Kind.STRING, parse, known[0], **more)


def _format(side: str) -> Option[str]:
    return options.choice(
        f"output.format.{side}",
        ("json", "bson", "schema"),
        "json",
        doc=f"What the {side} is: text in Extended JSON, bytes of BSON, or values under a schema.",
        importance=HIGH,
        group="Schema",
    )


def _schema(side: str) -> Option[Schema | None]:
    return Option(
        f"output.schema.{side}",
        Kind.STRING,
        parse_avro_schema,
        None,
        doc=f"The {side}'s schema, in Avro, for `output.format.{side}=schema`; by default that of a change "
        f"event.",
        importance=HIGH,
        group="Schema",
    )


def _topic_part(name: str, default: str, doc: str) -> Option[str]:
    return options.string(f"topic.{name}", default, doc=doc, importance=LOW, group="Topic mapping")


class OutputOptions(Config):
    """What becomes of events."""

    key_format = _format("key")
    value_format = _format("value")
    given_key_schema = _schema("key")
    given_value_schema = _schema("value")
    infer_value_schema = options.boolean(
        "output.schema.infer.value",
        False,
        doc="With output.format.value=schema: whether each value's schema is made from the value.",
        group="Schema",
    )
    json_formatter = _java_class(
        "output.json.formatter",
        tuple(FORMATTERS),
        "",
        doc="The style of JSON, by the name of a Java class: DefaultJson is Extended JSON v1, ExtendedJson "
        "canonical v2; SimplifiedJson has ObjectIds, decimals, dates and binary data as text.",
        group="Schema",
        recommended=tuple(FORMATTERS),
    )
    topic_mapper = _java_class(
        "topic.mapper",
        (_MAPPER,),
        ": use topic.namespace.map, or a transform",
        doc="What names the topics; there is this one alone.",
        importance=LOW,
        group="Topic mapping",
    )
    topic_prefix = _topic_part("prefix", "", "What stands before the names of topics.")
    topic_suffix = _topic_part("suffix", "", "What stands behind the names of topics.")
    topic_separator = _topic_part(
        "separator", ".", "What stands between prefix, database, collection and suffix."
    )
    topic_namespaces: Option[NamespaceMap | None] = Option(
        "topic.namespace.map",
        Kind.STRING,
        namespace_map,
        None,
        doc="Topics by namespace, as a JSON object: `database.collection` and `database` are names, `/…` is "
        "a Java regular expression whose topic may hold `{db}`, `{coll}`, `{sep}`, `{sep_coll}`, "
        "`{coll_sep}` and `{sep_coll_sep}`, `*` is for all the rest; they are tried in this order.",
        importance=HIGH,
        group="Topic mapping",
    )

    @property
    def json_mode(self) -> ejson.Mode:
        """The style of JSON."""
        return FORMATTERS[self.json_formatter]

    @property
    def key_schema(self) -> Schema:
        """The key's schema."""
        return self.given_key_schema or parse_avro_schema(KEY_SCHEMA)

    @property
    def value_schema(self) -> Schema:
        """The value's schema."""
        return self.given_value_schema or parse_avro_schema(VALUE_SCHEMA)

    def topics(self) -> TopicMapper:
        """Return what names the topics."""
        namespaces = self.topic_namespaces or NamespaceMap()
        return TopicMapper(self.topic_prefix, self.topic_suffix, self.topic_separator, namespaces)


class ErrorOptions(Config):
    """What becomes of events that cannot be records."""

    tolerance = options.choice(
        "errors.tolerance",
        ("none", "all"),
        "none",
        doc="`none`: an event that cannot be a record, or a lost resume token, ends the task. `all`: the "
        "event is left out, the stream starts again from now.",
        group="Error Handling",
    )
    own_tolerance = options.choice(
        "mongo.errors.tolerance",
        ("none", "all"),
        "none",
        doc="The same for this connector alone, whatever Connect makes of errors.tolerance.",
        group="Error Handling",
    )
    log_errors = options.boolean(
        "errors.log.enable", False, doc="Whether what is left out is logged.", group="Error Handling"
    )
    own_log_errors = options.boolean(
        "mongo.errors.log.enable",
        False,
        doc="The same for this connector alone, whatever Connect makes of errors.log.enable.",
        group="Error Handling",
    )
    dead_letter_topic = letter_topic(doc="Topic for events that are left out, as Extended JSON; empty: none.")
    own_dead_letter_topic = letter_topic(
        "mongo.errors.deadletterqueue.topic.name",
        doc="The same for this connector alone, whatever Connect makes of errors.deadletterqueue.topic.name.",
    )
    dead_letter_headers = letter_headers(default=False)

    @property
    def tolerates(self) -> bool:
        """Whether errors are tolerated."""
        own = "mongo.errors.tolerance" in self.raw
        return (self.own_tolerance if own else self.tolerance) == "all"

    @property
    def logs_errors(self) -> bool:
        """Whether what is left out is logged; what ends the task always is."""
        own = "mongo.errors.log.enable" in self.raw
        return not self.tolerates or (self.own_log_errors if own else self.log_errors)

    @property
    def letters_to(self) -> str:
        """The dead letter queue, or nothing."""
        own = "mongo.errors.deadletterqueue.topic.name" in self.raw
        return self.own_dead_letter_topic if own else self.dead_letter_topic
