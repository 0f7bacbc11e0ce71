"""Options of the dead letter queue."""

from __future__ import annotations

from cdc import config as options
from cdc.config import Config, Option

TOPIC = "errors.deadletterqueue.topic.name"
HEADERS = "errors.deadletterqueue.context.headers.enable"


def letter_topic(name: str = TOPIC, *, doc: str) -> Option[str]:
    """Declare the topic of what is set aside."""
    return options.string(name, "", doc=doc, group="Error Handling")


def letter_headers(*, default: bool) -> Option[bool]:
    """Declare whether letters say what happened."""
    return options.boolean(
        HEADERS,
        default,
        doc="Add `__connect.errors.*` headers that say where, in which stage and why a record failed.",
        group="Error Handling",
    )


class DeadLetterOptions(Config):
    """Where a source puts what it leaves out."""

    dead_letter_topic = letter_topic(
        doc="Topic for events that are left out, with what there is of them as Extended JSON; empty: none."
    )
    dead_letter_headers = letter_headers(default=True)
