from cdc.transport.kafka.ownership import Ownership

A, B, C = ("t", 0), ("t", 1), ("u", 0)


def test_a_partition_that_stays_goes_on_where_it_was() -> None:
    own = Ownership()
    assert own.assign([A, B], {A: 5}) == {A: 5}
    own.returned(A, 5, 9)
    own.returned(B, 0, 3)
    own.release([A, B])
    assert own.assigned == set()
    assert own.assign([A, B, C], {A: 5}) == {A: 9, B: 3}
    assert not own.broken


def test_somebody_else_was_further() -> None:
    own = Ownership()
    own.assign([A], {A: 5})
    own.returned(A, 5, 9)
    own.release([A])
    assert own.assign([A], {A: 20}) == {A: 20}


def test_losing_what_is_committed_is_no_matter() -> None:
    own = Ownership()
    own.assign([A, B], {})
    own.returned(A, 0, 9)
    own.committed[A] = 9
    own.release([A, B])
    own.assign([B], {})
    assert not own.broken


def test_losing_what_is_not_committed_rewinds_the_rest() -> None:
    own = Ownership()
    own.assign([A, B, C], {A: 5, B: 5})
    own.returned(A, 5, 9)
    own.returned(B, 5, 7)
    own.release([A, B, C])
    assert own.assign([B, C], {B: 5}) == {B: 7}
    assert own.broken
    gone, back = own.restart({C: 40, A: 9})
    assert gone == [A]
    assert back == {B: 5, C: 40}
    assert not own.broken
    assert own.positions == {B: 5, C: 40}


def test_lost_at_once() -> None:
    own = Ownership()
    own.assign([A, B], {})
    own.returned(A, 3, 4)
    own.lose([A, B])
    assert own.broken
    assert own.restart({}) == ([A], {})


def test_seek_before_and_after_assignment() -> None:
    own = Ownership()
    assert not own.seek(A, 7)
    assert own.assign([A], {A: 50}) == {A: 7}
    assert own.seek(A, 3)
    assert own.positions[A] == 3
    own.lose([A])
    assert not own.broken, "nothing was returned since"
    own.assign([A], {A: 50})
    assert own.positions[A] == 50, "a seek counts once"


def test_an_old_seek_gives_way_to_what_the_group_did_since() -> None:
    own = Ownership()
    own.seek(A, 7)
    own.seek(B, 7)
    own.assign([A], {A: 50})
    assert own.positions[A] == 7
    assert own.assign([B, C], {B: 50}) == {B: 50}, "another member had it meanwhile"
    own.seek(("late", 0), 4)
    own.assign([], {})
    assert own.assign([("late", 0)], {}) == {("late", 0): 4}


def test_a_topic_that_begins_again_is_noticed() -> None:
    own = Ownership()
    own.assign([A], {A: 100})
    assert not own.is_behind(A, 0), "the group's offset says nothing about what this member read"
    own.returned(A, 0, 9)
    own.committed[A] = 9
    assert not own.is_behind(A, 9)
    assert own.is_behind(A, 0)
    own.release([A])
    own.assign([], {})
    own.assign([A], {})
    assert own.is_behind(A, 0), "deleted, and made anew"


def test_going_back_is_no_new_beginning() -> None:
    own = Ownership()
    own.assign([A], {})
    own.returned(A, 0, 9)
    own.seek(A, 3)
    assert not own.is_behind(A, 3)
    own.returned(A, 3, 9)
    own.committed[A] = 9
    own.release([A])
    own.assign([A], {A: 5})
    own.returned(A, 9, 12)
    own.lose([A])
    own.restart({})
    own.assign([A], {A: 5})
    assert not own.is_behind(A, 5), "somebody else had it"
