"""The corpus itself: complete, and masked where it must be and nowhere else."""

import pytest

from tests.golden.corpus import Case, cases, mask


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_every_case_has_events(case: Case) -> None:
    assert case.events
    assert {event.topic for event in case.events}


def test_mask_hides_clock_and_position_and_keeps_every_other_byte() -> None:
    text = (
        '{"after":{"id":12, "txt":"x"},'
        '"source":{"ts_ms":17,"sequence":"[null,\\"265\\"]","txId":7,"lsn":8,"xmin":null},'
        '"transaction":{"id":"7:8","total_order":1},"ts_ns":99}'
    )
    assert mask(text) == (
        '{"after":{"id":12, "txt":"x"},'
        '"source":{"ts_ms":0,"sequence":"[null,\\"0\\"]","txId":0,"lsn":0,"xmin":null},'
        '"transaction":{"id":"0:0","total_order":1},"ts_ns":0}'
    )
