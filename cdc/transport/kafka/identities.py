"""Notice topics that are deleted and made anew while they are read: the driver goes on at the old offsets."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from cdc.transport.kafka.failures import driver

if TYPE_CHECKING:
    from confluent_kafka.admin import AdminClient

EVERY = 5.0
"""Seconds between two looks …"""
_EACH = 0.01
"""… and how much longer they are apart for each topic: the answer describes all of them."""
_REQUEST = 10.0


class Identities:
    """Compare the UUIDs of topics with what they were, now and then; nothing here waits for an answer.

    A broker that does not tell, or knows of no UUIDs, is taken for one whose topics stay.
    """

    def __init__(self, admin: Callable[[], AdminClient]) -> None:
        self._admin = admin
        self._known: dict[str, str] = {}
        self._asked: dict[str, Future[Any]] = {}
        self._due = float("-inf")

    def changed(self, topics: Collection[str]) -> str | None:
        """Return one of these topics that is another one than at an earlier call."""
        if self._asked:
            return self._compared(topics) if all(future.done() for future in self._asked.values()) else None
        if topics and time.monotonic() >= self._due:
            self._ask(topics)
        return None

    def _ask(self, topics: Collection[str]) -> None:
        names = driver().TopicCollection([*topics])
        self._asked = self._admin().describe_topics(names, request_timeout=_REQUEST)
        self._due = time.monotonic() + EVERY + _EACH * len(topics)
        # What came back meanwhile may have been made anew in other hands, and read from its beginning there.
        self._known = {topic: one for topic, one in self._known.items() if topic in topics}

    def _compared(self, topics: Collection[str]) -> str | None:
        answers, self._asked = self._asked, {}
        for topic, future in answers.items():
            found = None if future.exception() else future.result().topic_id
            if found is None or topic not in topics:
                continue
            if self._known.setdefault(topic, str(found)) != str(found):
                return topic
        return None
