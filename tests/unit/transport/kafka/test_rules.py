import pytest

from cdc.errors import ConfigError
from cdc.transport.kafka.rules import parse


def test_no_rules() -> None:
    assert parse({"name": "c", "topic.creation.enable": "true"}) is None


def test_groups_in_order_and_the_default() -> None:
    rules = parse(
        {
            "topic.creation.default.replication.factor": "-1",
            "topic.creation.default.partitions": "4",
            "topic.creation.default.cleanup.policy": "delete",
            "topic.creation.groups": "small, orders",
            "topic.creation.small.include": r"shop\.tiny.*, shop\.mini",
            "topic.creation.small.exclude": r"shop\.tiny_not",
            "topic.creation.small.partitions": "1",
            "topic.creation.orders.include": r"shop\..*",
            "topic.creation.orders.replication.factor": "3",
            "topic.creation.orders.retention.ms": "1000",
        }
    )
    assert rules is not None
    tiny, other, outside = map(rules.rule, ("shop.tiny1", "shop.tiny_not", "crm.orders"))
    assert (tiny.replication, tiny.partitions, tiny.config) == (-1, 1, {})
    assert (other.replication, other.partitions, other.config) == (3, 4, {"retention.ms": "1000"})
    assert (outside.replication, outside.partitions, outside.config) == (-1, 4, {"cleanup.policy": "delete"})


def test_every_problem_is_told() -> None:
    with pytest.raises(ConfigError) as caught:
        parse(
            {
                "topic.creation.groups": "a,b",
                "topic.creation.default.partitions": "0",
                "topic.creation.a.include": "(",
            }
        )
    assert [problem.option for problem in caught.value.problems] == [
        "topic.creation.default.replication.factor",
        "topic.creation.default.partitions",
        "topic.creation.a.include",
        "topic.creation.b.include",
    ]
