"""States of a run: live, ended, resumable."""

from dataclasses import replace

import pytest

from mtl_core.protocol.states import END_STATES, LIVE_STATES, RESULT_STATES, RESUMABLE_STATES, RUN_STATES, RunState
from tests.app.tables.rows import record


def test_a_run_is_queued_live_or_has_ended() -> None:
    assert ("queued", *LIVE_STATES, *END_STATES) == RUN_STATES
    assert set(RESULT_STATES) < set(END_STATES)
    assert {*RESUMABLE_STATES, "finished"} == set(END_STATES)


@pytest.mark.parametrize("state", RUN_STATES)
def test_a_record_says_which_of_them_its_state_is(state: RunState) -> None:
    run = replace(record(1), state=state)
    assert [run.state == "queued", run.is_live, run.has_ended].count(True) == 1
    assert run.is_resumable == (run.has_ended and state != "finished")
