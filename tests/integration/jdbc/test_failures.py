"""The JDBC sink on real databases: what happens when things go wrong."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from cdc.errors import AccessDenied, ConnectionFailed, RecordRejected, SinkUnavailable
from schemas import connect
from sinks.jdbc import JdbcSink, JdbcSinkConfig
from tests.fakes.jdbc import DeadLetters, Target, Topic, open_sink
from tests.integration.jdbc.rows import SIMPLE, TEXT, names, put, row


def test_a_bad_record_is_set_aside_and_the_others_arrive(target: Target) -> None:
    target.execute(
        'CREATE TABLE "srv_public_t" (id bigint PRIMARY KEY, name varchar(5), amount decimal(5,2))'
    )
    if target.dialect == "sqlite":
        target.execute('DROP TABLE "srv_public_t"')
        target.execute(
            'CREATE TABLE "srv_public_t" (id int PRIMARY KEY, name text CHECK (length(name) < 6), amount)'
        )
    letters = DeadLetters()
    topic, sink = Topic(SIMPLE), open_sink(target, letters)
    put(sink, topic.batch(*(("c", row(n, "too long" if n in (3, 70) else "ok")) for n in range(100))))
    assert [offset for offset, _reason in letters.records] == [3, 70]
    assert len(names(target)) == 98
    sink.close()
    strict = open_sink(target)
    strict.write(topic.batch(("c", row(200)), ("c", row(201, "too long")), ("c", row(202))))
    with pytest.raises(RecordRejected) as caught:
        strict.flush()
    assert str(caught.value.position) == "srv.public.t-0@101"
    assert 200 in names(target)
    assert 202 not in names(target)
    strict.close()


def test_replay_after_a_crash_doubles_nothing(target: Target) -> None:
    """The target has committed, the log has not: everything comes again."""
    topic = Topic(SIMPLE, key=())
    batches = [topic.batch(*(("c", row(n)) for n in range(i * 10, i * 10 + 10))) for i in range(5)]
    sink = open_sink(target)
    put(sink, *batches[:3])
    sink.write(batches[3])
    sink.close()  # killed: the fourth was not flushed
    sink = open_sink(target)
    assert sink.checkpoint.known == {("srv.public.t", 0): 30}
    put(sink, *batches)
    assert target.execute('SELECT count(*), count(DISTINCT id) FROM "srv_public_t"') == [(50, 50)]
    sink.close()


def test_two_tasks_that_believe_in_the_same_partition(target: Target) -> None:
    topic = Topic(SIMPLE, key=())
    batch, later = topic.batch(("c", row(1)), ("c", row(2))), topic.batch(("c", row(3)))
    zombie, heir = open_sink(target), open_sink(target)
    put(heir, batch)
    put(zombie, batch, later)
    put(heir, later)
    assert target.execute('SELECT count(*) FROM "srv_public_t"') == [(3,)]
    zombie.close()
    heir.close()


def test_a_topic_made_anew_is_not_skipped(target: Target) -> None:
    first, again = Topic(SIMPLE), Topic(SIMPLE)
    sink = open_sink(target, topic_id=lambda topic: "one")
    put(sink, first.batch(*(("c", row(n)) for n in range(10))))
    sink.close()
    sink = open_sink(target, topic_id=lambda topic: "one")
    assert sink.checkpoint.known
    sink.close()
    sink = open_sink(target, topic_id=lambda topic: "two")
    put(sink, again.batch(("c", row(0, "new"))))
    assert names(target)[0] == "new"
    sink.close()


@pytest.mark.parametrize("back", ["one", "two"])
def test_a_topic_that_is_missing_at_the_start_is_known_by_its_identity_when_it_comes(
    target: Target, back: str
) -> None:
    first, identity = Topic(SIMPLE), {"srv.public.t": "one"}
    sink = open_sink(target, topic_id=identity.get)
    put(sink, first.batch(*(("c", row(n, "old")) for n in range(10))))
    sink.close()
    identity.clear()  # deleted, or not yet known to the broker that was asked
    sink = open_sink(target, topic_id=identity.get)
    assert not sink.checkpoint.known
    identity["srv.public.t"] = back
    put(sink, Topic(SIMPLE).batch(("c", row(0, "new"))))
    assert names(target)[0] == ("new" if back == "two" else "old"), "offset 0 of `one` was written before"
    sink.close()


def test_a_log_that_cannot_tell_identities_any_more(target: Target) -> None:
    topic = Topic(SIMPLE)
    sink = open_sink(target, topic_id=lambda topic: "one")
    put(sink, topic.batch(("c", row(0, "old"))))
    sink.close()
    sink = open_sink(target, topic_id=lambda topic: None)
    put(sink, Topic(SIMPLE).batch(("c", row(0, "again"))), topic.batch(("c", row(1, "new"))))
    assert sorted(names(target).items()) == [(0, "old"), (1, "new")]
    sink.close()


def test_the_guard_keeps_newer_rows(target: Target) -> None:
    topic = Topic(SIMPLE)
    sink = open_sink(target, guard_column="_cdc_pos")
    put(sink, topic.batch(("c", {**row(1, "new"), "lsn": 50}), ("c", {**row(2, "new"), "lsn": 50})))
    stale = topic.batch(
        ("u", {**row(1, "old"), "lsn": 40}), ("d", {**row(2), "lsn": 40}), ("c", {**row(3), "lsn": 40})
    )
    put(sink, stale)
    assert names(target) == {1: "new", 2: "new", 3: "a"}
    put(sink, topic.batch(("u", {**row(1, "newer"), "lsn": 60}), ("d", {**row(2), "lsn": 60})))
    assert names(target) == {1: "newer", 3: "a"}
    sink.close()


def test_a_table_dropped_meanwhile_comes_back(target: Target) -> None:
    topic, sink = Topic(SIMPLE), open_sink(target)
    put(sink, topic.batch(("c", row(1))))
    target.execute('DROP TABLE "srv_public_t"')
    put(sink, topic.batch(("c", row(2))))
    assert names(target) == {2: "a"}
    sink.close()


def test_a_locked_row_is_waited_for_or_tried_again(postgres_target: Target) -> None:
    topic, sink = Topic(SIMPLE), open_sink(postgres_target)
    put(sink, topic.batch(("c", row(1)), ("c", row(2))))
    sink.session.execute("SET lock_timeout = '100ms'")
    holder = postgres_target._server.connect(autocommit=False)  # type: ignore[union-attr]
    holder.execute("UPDATE srv_public_t SET name = 'held' WHERE id = 1")
    release = threading.Timer(0.3, holder.rollback)
    release.start()
    put(sink, topic.batch(("u", row(1, "b"))))
    release.join()
    assert names(postgres_target)[1] == "b"
    holder.execute("UPDATE srv_public_t SET name = 'held' WHERE id = 1")
    sink.config.values["flush.max.retries"] = 1
    sink.write(topic.batch(("u", row(1, "c"))))
    with pytest.raises(SinkUnavailable):
        sink.flush()
    holder.rollback()
    sink.flush()  # what could not be written is still held
    assert names(postgres_target)[1] == "c"
    holder.close()
    sink.close()


def test_a_lost_connection_is_made_anew(postgres_target: Target) -> None:
    topic, sink = Topic(SIMPLE), open_sink(postgres_target)
    put(sink, topic.batch(("c", row(1))))
    postgres_target.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'cdc' AND datname = current_database()"
    )
    time.sleep(0.05)
    put(sink, topic.batch(("c", row(2))))
    assert names(postgres_target) == {1: "a", 2: "a"}
    sink.close()


@pytest.mark.parametrize("count", [2, 2400], ids=["at once", "streamed"])
def test_a_commit_whose_answer_is_lost_is_not_done_again(
    target: Target, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = Topic(SIMPLE, key=())
    sink = open_sink(target, **{"insert.mode": "insert", "primary.key.mode": "none"})
    put(sink, topic.batch(("c", row(0))))
    execute = sink.session.execute

    def lose(query: str, params: Any = None) -> Any:
        found = execute(query, params)
        if query == "COMMIT":
            monkeypatch.undo()
            sink.session.close()
            raise SinkUnavailable("server closed the connection unexpectedly")
        return found

    monkeypatch.setattr(sink.session, "execute", lose)
    put(sink, *(topic.batch(*(("c", row(n)) for n in range(1, count))),))
    assert sorted(names(target)) == list(range(count))
    assert target.execute('SELECT count(*) FROM "srv_public_t"') == [(count,)]
    sink.close()


def test_trouble_with_the_connection_is_told(postgres_target: Target) -> None:
    options = postgres_target.config()
    for change, expected in (
        ({"connection.password": "wrong-secret"}, AccessDenied),
        ({"connection.url": "jdbc:postgresql://127.0.0.1:1/x"}, ConnectionFailed),
    ):
        sink = JdbcSink(JdbcSinkConfig({**options, **change}))
        with pytest.raises(expected) as caught:
            sink.session.open()
        assert "wrong-secret" not in str(caught.value)


def streamed(topic: Topic, count: int, size: int = 1200, bad: int = -1) -> list[Any]:
    """Return batches that are big enough to be sent before the flush."""
    return [
        topic.batch(*(("c", row(n, "too long" if n == bad else "ok")) for n in range(start, start + size)))
        for start in range(0, count, size)
    ]


def test_a_bad_record_in_a_stream_of_many(target: Target) -> None:
    check = "CHECK (length(name) < 6)" if target.dialect == "sqlite" else ""
    target.execute(
        f'CREATE TABLE "srv_public_t" (id bigint PRIMARY KEY, name varchar(5) {check}, amount decimal(12,2))'
    )
    letters, topic = DeadLetters(), Topic(SIMPLE)
    sink = open_sink(target, letters)
    reached = put(sink, *streamed(topic, 6000, bad=2500))
    assert reached == {("srv.public.t", 0): 6000}
    assert [offset for offset, _reason in letters.records] == [2500]
    assert target.execute('SELECT count(*) FROM "srv_public_t"') == [(5999,)]
    sink.close()


def test_what_was_sent_and_not_committed_is_not_there_after_a_crash(target: Target) -> None:
    topic = Topic(SIMPLE, key=())
    batches = streamed(topic, 3600)
    sink = open_sink(target)
    put(sink, batches[0])
    sink.write(batches[1])
    sink.close()
    assert target.execute('SELECT count(*) FROM "srv_public_t"') == [(1200,)]
    sink = open_sink(target)
    put(sink, *batches)
    assert target.execute('SELECT count(*), count(DISTINCT id) FROM "srv_public_t"') == [(3600, 3600)]
    sink.close()


def test_a_column_that_comes_in_the_middle_of_a_stream(target: Target) -> None:
    first = Topic({"id": connect.INT64, "name": TEXT})
    second = Topic({"id": connect.INT64, "name": TEXT, "extra": TEXT})
    other = Topic(SIMPLE, name="other")
    sink = open_sink(target, batch_size="100000")
    before = first.batch(*(("c", {"id": n, "name": "a"}) for n in range(1500)))
    second.next = 1500
    after = second.batch(*(("u", {"id": n, "name": "b", "extra": "x"}) for n in range(1500)))
    put(sink, before, after, *streamed(other, 1200))
    found = target.execute('SELECT name, extra, count(*) FROM "srv_public_t" GROUP BY name, extra')
    assert found == [("b", "x", 1500)]
    assert target.execute('SELECT count(*) FROM "other"') == [(1200,)]
    sink.close()


def test_deletes_and_truncates_of_tables_that_are_not_there(target: Target) -> None:
    topic, sink = Topic(SIMPLE), open_sink(target, truncate_enabled="true")
    put(sink, topic.batch(("t", None), ("d", row(1))))
    put(sink, topic.batch(("x", row(1)), schemas=False))
    put(sink, topic.batch(("c", row(1))))
    assert names(target) == {1: "a"}
    sink.close()


def test_each_write_reaches_the_table_once(target: Target) -> None:
    """An audit trigger counts what is done to rows, replays and restarts included."""
    topic = Topic(SIMPLE)
    target.execute(
        'CREATE TABLE "srv_public_t" (id bigint PRIMARY KEY, name varchar(9), amount decimal(12,2))'
    )
    target.execute('CREATE TABLE "audit" (id bigint)')
    audit = 'CREATE TRIGGER audited AFTER INSERT ON "srv_public_t" FOR EACH ROW '
    insert = 'INSERT INTO "audit" VALUES (NEW.id)'
    if target.dialect == "postgresql":
        target.execute(
            "CREATE FUNCTION audited() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN {insert}; RETURN NEW; END $$"
        )
        target.execute(audit + "EXECUTE FUNCTION audited()")
    else:
        target.execute(audit + (f"BEGIN {insert}; END" if target.dialect == "sqlite" else insert))
    batches = streamed(topic, 4800)
    for cut in (1, 3, 4):
        sink = open_sink(target)
        for batch in batches[:cut]:
            sink.write(batch)
        sink.flush()
        for batch in batches[cut:]:
            sink.write(batch)
        sink.close()
    assert target.execute('SELECT count(*), count(DISTINCT id) FROM "audit"') == [(4800, 4800)]
