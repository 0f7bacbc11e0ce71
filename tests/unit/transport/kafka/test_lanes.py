"""Which producer sends a topic's records."""

from collections.abc import Mapping
from typing import Any

from cdc.transport.kafka.lanes import MOST, Lanes


class Producer:
    """What lanes ask of one."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.settings, self.left, self.asked = settings, 0, 0

    def poll(self, timeout: float) -> int:
        self.asked += 1
        return 1

    def flush(self, timeout: float) -> int:
        return self.left


def lanes(most: int = MOST) -> Any:
    return Lanes(Producer, most)  # type: ignore[arg-type]


def test_a_topic_stays_with_its_producer_and_few_topics_need_only_one() -> None:
    some = lanes()
    assert {some.of(f"t{number}") for number in range(128)} == {some.first}
    many = [some.of(f"t{number}") for number in range(5000)]
    assert many == [some.of(f"t{number}") for number in range(5000)]
    assert len(set(many)) == MOST
    assert max(many.count(producer) for producer in set(many)) < 5000 / MOST * 1.1


def test_the_queues_of_further_producers_are_small() -> None:
    some = lanes()
    others = {some.of(f"t{number}") for number in range(1000)} - {some.first}
    assert some.first.settings == {}
    assert {producer.settings["queue.buffering.max.kbytes"] for producer in others} == {2048}


def test_a_transaction_has_one_producer() -> None:
    one = lanes(most=1)
    assert {one.of(f"t{number}") for number in range(1000)} == {one.first}


def test_all_are_served_and_flushed() -> None:
    some = lanes()
    producers = {some.of(f"t{number}") for number in range(300)}
    for producer in producers:
        producer.left = 2
    assert some.poll(0) == len(producers) == 3
    assert {producer.asked for producer in producers} == {1}
    assert some.flush(1.0) == 6
