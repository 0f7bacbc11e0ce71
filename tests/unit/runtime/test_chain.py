"""Transforms in order, predicates and their negation, and all problems of their config."""

from collections.abc import Iterable, Iterator, Sequence

import pytest

from cdc import config as options
from cdc.batch import Batch, RecordBatch
from cdc.config import Config
from cdc.errors import ConfigError
from cdc.plugin import Predicate, Transform, register
from cdc.plugin.registry import _registry
from cdc.runtime.chain import build_chain


class AddConfig(Config):
    suffix = options.string("suffix", doc="What to add.")
    times = options.integer("times", 1, at_least=1, doc="How often.")


class Add(Transform):
    config_class = AddConfig
    config: AddConfig
    closed = 0

    def apply(self, batch: Batch) -> Iterable[Batch]:
        assert isinstance(batch, RecordBatch)
        batch.values = [value + self.config.suffix * self.config.times for value in batch.values]
        return [batch]

    def close(self) -> None:
        Add.closed += 1


class Starts(Predicate):
    def test(self, batch: Batch) -> bool | Sequence[bool]:
        assert isinstance(batch, RecordBatch)
        return [value.startswith("a") for value in batch.values]


class OfTopic(Predicate):
    def test(self, batch: Batch) -> bool | Sequence[bool]:
        return batch.topic == "t"


@pytest.fixture(autouse=True)
def _plugins() -> Iterator[None]:
    before = dict(_registry.plugins)
    register("transform", "add", "org.example.Add")(Add)
    register("predicate", "starts")(Starts)
    register("predicate", "of-topic")(OfTopic)
    yield
    _registry.plugins.clear()
    _registry.plugins.update(before)


def apply(raw: dict[str, str], *values: str, topic: str = "t") -> list[str]:
    batch = RecordBatch(topic, None, None, [None] * len(values), list(values))
    out: list[str] = []
    for one in build_chain(raw).apply([batch]):
        assert isinstance(one, RecordBatch)
        out += one.values
    return out


TWO = {
    "transforms": "x, y",
    "transforms.x.type": "add",
    "transforms.x.suffix": "1",
    "transforms.y.type": "org.example.Add",
    "transforms.y.suffix": "2",
    "transforms.y.times": "2",
}


def test_transforms_apply_in_order() -> None:
    assert apply(TWO, "a", "b") == ["a122", "b122"]


def test_no_transforms_pass_the_very_batches() -> None:
    batches = [RecordBatch("t", None, None, [], [])]
    assert build_chain({}).apply(batches) is batches


@pytest.mark.parametrize(("negate", "expected"), [("false", ["a1", "b", "a1"]), ("true", ["a", "b1", "a"])])
def test_a_predicate_chooses_records_and_keeps_their_order(negate: str, expected: list[str]) -> None:
    raw = {
        "transforms": "x",
        "transforms.x.type": "add",
        "transforms.x.suffix": "1",
        "transforms.x.predicate": "p",
        "transforms.x.negate": negate,
        "predicates": "p",
        "predicates.p.type": "starts",
    }
    assert apply(raw, "a", "b", "a") == expected


@pytest.mark.parametrize(("topic", "expected"), [("t", ["a1"]), ("other", ["a"])])
def test_a_predicate_may_choose_whole_batches(topic: str, expected: list[str]) -> None:
    raw = {**TWO, "transforms": "x", "transforms.x.predicate": "p", "predicates": "p"}
    raw["predicates.p.type"] = "of-topic"
    assert apply(raw, "a", topic=topic) == expected


def test_all_problems_are_told_at_once() -> None:
    raw = {
        "transforms": "a,b,c,d,e",
        "transforms.a.type": "add",
        "transforms.a.times": "0",
        "transforms.b.type": "nobody",
        "transforms.d.type": "add",
        "transforms.d.suffix": "x",
        "transforms.d.predicate": "q",
        "transforms.e.type": "add",
        "transforms.e.suffix": "x",
        "transforms.e.negate": "true",
        "predicates": "p",
    }
    with pytest.raises(ConfigError) as caught:
        build_chain(raw)
    assert {problem.option for problem in caught.value.problems} == {
        "transforms.a.suffix",
        "transforms.a.times",
        "transforms.b.type",
        "transforms.c.type",
        "transforms.d.predicate",
        "transforms.e.negate",
        "predicates.p.type",
    }


def test_closing_closes_every_transform() -> None:
    Add.closed = 0
    build_chain(TWO).close()
    assert Add.closed == 2
