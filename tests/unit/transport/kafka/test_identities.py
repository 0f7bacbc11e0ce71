"""Topics that are made anew, told by their UUIDs; the broker's answers are the test's."""

from __future__ import annotations

from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

import pytest

from cdc.transport.kafka import identities
from cdc.transport.kafka.identities import Identities


class Admin:
    """Answers with the UUIDs that the test says; an exception is one, None: the answer is on its way."""

    def __init__(self, **ids: Any) -> None:
        self.ids = ids
        self.asked: list[list[str]] = []
        self.waiting: list[Future[Any]] = []

    def describe_topics(self, names: Any, request_timeout: float) -> dict[str, Future[Any]]:
        self.asked.append(sorted(names.topic_names))
        return {name: self._answer(self.ids[name]) for name in names.topic_names}

    def _answer(self, found: Any) -> Future[Any]:
        future: Future[Any] = Future()
        if isinstance(found, Exception):
            future.set_exception(found)
        elif found == "later":
            self.waiting.append(future)
        else:
            future.set_result(SimpleNamespace(topic_id=found))
        return future


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identities, "EVERY", 0.0)
    monkeypatch.setattr(identities, "_EACH", 0.0)


def watch(admin: Admin) -> Identities:
    return Identities(lambda: admin)  # type: ignore[arg-type,return-value]


def look(one: Identities, *topics: str) -> str | None:
    """Ask, and take the answer."""
    assert one.changed(topics) is None
    return one.changed(topics)


def test_another_uuid_is_another_topic() -> None:
    admin = Admin(a="1", b="1")
    one = watch(admin)
    assert look(one, "a", "b") is None
    assert look(one, "a", "b") is None
    admin.ids["b"] = "2"
    assert look(one, "a", "b") == "b"


def test_a_topic_that_is_away_or_has_no_uuid_is_no_other_one() -> None:
    admin = Admin(a="1", b=None)
    one = watch(admin)
    for found in ("1", RuntimeError("no such topic"), None, "1"):
        admin.ids["a"] = found
        assert look(one, "a", "b") is None
    admin.ids["a"] = "2"
    assert look(one, "a", "b") == "a"


def test_an_answer_is_not_waited_for() -> None:
    admin = Admin(a="later")
    one = watch(admin)
    assert [one.changed(["a"]) for _ in range(3)] == [None] * 3
    assert admin.asked == [["a"]]
    admin.waiting[0].set_result(SimpleNamespace(topic_id="1"))
    assert one.changed(["a"]) is None
    admin.ids["a"] = "2"
    assert look(one, "a") == "a"


def test_what_was_in_other_hands_meanwhile_is_looked_at_anew() -> None:
    admin = Admin(a="1", b="1")
    one = watch(admin)
    look(one, "a", "b")
    look(one, "b")
    admin.ids["a"] = "2"
    assert look(one, "a", "b") is None


def test_questions_are_far_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identities, "EVERY", 60.0)
    admin = Admin(a="1")
    one = watch(admin)
    assert [one.changed(topics) for topics in ([], ["a"], ["a"], ["a"])] == [None] * 4
    assert admin.asked == [["a"]]
