"""The run that Pause and Stop apply to."""

import pytest

from app.jobs.runs.controlled_run import controlled_run
from mtl_core.store import RunRecord, RunState
from tests.app.tables.rows import record


def runs(*states: RunState) -> dict[int, RunRecord]:
    return {number: record(number, state=state) for number, state in enumerate(states, 1)}


@pytest.mark.parametrize(
    ("states", "training", "shown", "meant"),
    [
        ((), (), None, None),
        ((), (), 7, None),
        (("queued", "queued"), (), None, 1),
        (("queued", "running"), (), None, 2),
        (("running", "running"), (2,), None, 2),
        (("running", "running", "running"), (2, 3), 3, 3),
        (("paused", "running"), (2,), 1, 1),
        (("running", "queued"), (1,), 2, 1),
        (("queued", "queued"), (2,), None, 2),
        (("running",), (1,), 9, 1),
    ],
)
def test_it_is_the_one_shown_if_it_is_on_else_the_one_of_this_window(
    states: tuple[RunState, ...], training: tuple[int, ...], shown: int | None, meant: int | None
) -> None:
    run = controlled_run(runs(*states), training, shown)
    assert (run.id if run else None) == meant
