"""Topics of namespaces; the examples are those of mongo-kafka's documentation."""

import pytest

from cdc.sources.mongodb.mongo_kafka.topics import NamespaceMap, TopicMapper

FIRST = {"myDb": "topicTwo", "myDb.myColl": "topicOne"}
SECOND = {r"/myDb(?:\..*)?": "topicTwo{sep_coll}", "*": "topicThree", "myDb.myColl": "topicOne"}


@pytest.mark.parametrize(
    ("pairs", "database", "collection", "topic"),
    [
        ({}, "db", "c", "db-c"),
        ({}, "db", "", "db"),
        (FIRST, "myDb", "myColl", "topicOne"),
        (FIRST, "myDb", "other", "topicTwo-other"),
        (FIRST, "myDb", "", "topicTwo"),
        (FIRST, "db", "c", "db-c"),
        (SECOND, "myDb", "myColl", "topicOne"),
        (SECOND, "myDb", "other", "topicTwo-other"),
        (SECOND, "myDb", "", "topicTwo"),
        (SECOND, "db", "c", "topicThree"),
        ({"/.*": "{coll_sep}x{sep_coll_sep}y{sep}{db}"}, "db", "c", "c-x-c-y-db"),
        ({"/.*": "{coll_sep}x{sep_coll_sep}y{sep}{db}"}, "db", "", "xy-db"),
        ({"/a.*": "one", "/ab.*": "two"}, "ab", "c", "one"),
        ({"db.c": "", "db": "", "/d.*": "", "*": ""}, "db", "c", "db-c"),
    ],
)
def test_the_map(pairs: dict[str, str], database: str, collection: str, topic: str) -> None:
    assert TopicMapper("", "", "-", NamespaceMap(pairs)).topic(database, collection) == topic


def test_prefix_and_suffix() -> None:
    mapper = TopicMapper("before", "behind", ".", NamespaceMap({"db.c": "one"}))
    assert mapper.topic("db", "c") == "before.one.behind"
    assert mapper.topic("db", "") == "before.db.behind"
    assert mapper.topic("", "c") == ""


@pytest.mark.parametrize(
    ("pairs", "reason"),
    [
        ({"a": 1}, "must be strings"),
        ({"a/b": "x"}, "'/' is not allowed"),
        ({"/(": "x"}, "not a regular expression"),
        ({"/a": "{what}"}, "what is not a supported variable name"),
        ({"/a": "{DB}"}, "DB is not a supported"),
        ({"/a": "x}"}, "unexpected '}'"),
        ({"/a": "{db"}, "unexpected '{'"),
    ],
)
def test_what_is_no_map(pairs: dict[str, object], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        NamespaceMap(pairs)
