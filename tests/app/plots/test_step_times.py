"""The time axis: each step stands at the training time at which it was reached."""

from dataclasses import replace

import numpy as np
import pytest

from app.plots import TrainingClock, XAxis, examples_axis, time_axis, unit_of, x_axis
from mtl_core.store import EventRecord, Progress
from tests.app.pages.live.test_run_view import RUN

OVER = replace(RUN, state="finished", heartbeat=None)


def event(kind: str, step: int, time: float) -> EventRecord:
    return EventRecord(1, 12, step, kind, "", {}, time)


def clock(*events: EventRecord, started: float | None = None) -> TrainingClock:
    made = TrainingClock(started)
    for one in events:
        made.add_events([one])
    return made


def times(made: TrainingClock, *steps: float, run: object = OVER) -> list[float]:
    axis = time_axis(made, run)  # type: ignore[arg-type]
    assert axis is not None
    return [round(float(place), 6) for place in axis.place(np.array(steps))]


def test_a_step_between_two_events_lies_between_their_times() -> None:
    made = clock(event("start", 0, 1000.0), event("epoch", 100, 1010.0), event("finish", 300, 1050.0))
    assert times(made, 0, 50, 100, 200, 300) == [0, 5, 10, 30, 50]


def test_the_last_sign_of_life_is_known_too() -> None:
    run = replace(RUN, heartbeat=1040.0, progress=Progress(1, 20, 200, 6000, 0.0, 0.0))
    made = clock(event("start", 0, 1000.0), event("epoch", 100, 1010.0))
    assert times(made, 150, 200, run=run) == [25, 40]


def test_the_clock_stands_while_the_run_is_paused() -> None:
    made = clock(
        event("start", 0, 0.0), event("pause", 100, 10.0), event("resume", 100, 500.0), event("finish", 200, 510.0)
    )
    assert times(made, 100, 150, 200) == [10, 15, 20]
    paused = clock(event("start", 0, 0.0), event("pause", 100, 10.0))
    late = replace(RUN, state="paused", heartbeat=400.0, progress=Progress(1, 20, 101, 6000, 0.0, 0.0))
    assert times(paused, 100, run=late) == [10]


def test_a_run_taken_up_again_goes_on_where_its_checkpoint_was() -> None:
    made = clock(
        event("start", 0, 0.0),
        event("epoch", 100, 10.0),
        event("epoch", 300, 30.0),
        event("start", 200, 9000.0),  # killed somewhere behind 300; the checkpoint was that of step 200
        event("finish", 400, 9030.0),
    )
    assert times(made, 100, 200, 300, 400) == [10, 20, 35, 50]


def test_a_run_that_begins_anew_forgets_what_was() -> None:
    made = clock(event("start", 0, 0.0), event("epoch", 100, 10.0), event("start", 0, 50.0), event("finish", 100, 55.0))
    assert times(made, 100) == [5]


def test_a_run_without_any_known_time_has_no_time_axis() -> None:
    assert time_axis(TrainingClock(), OVER) is None
    assert x_axis("time", OVER, TrainingClock()) == XAxis()
    assert time_axis(clock(event("epoch", 5, 3.0)), OVER) is None


def test_a_run_without_a_first_event_counts_from_when_it_was_started() -> None:
    assert times(clock(event("epoch", 300, 1030.0), started=1000.0), 300) == [30]


def test_epochs_stand_where_the_run_says() -> None:
    np.testing.assert_allclose(x_axis("epoch", RUN, TrainingClock()).place(np.array([600.0])), [2.0])
    assert x_axis("epoch", replace(RUN, progress=None), TrainingClock()) == XAxis()


@pytest.mark.parametrize(("seconds", "name"), [(0, "seconds"), (180, "seconds"), (181, "minutes"), (20_000, "hours")])
def test_the_unit_follows_the_length(seconds: float, name: str) -> None:
    assert unit_of(seconds)[0] == name


def test_several_runs_can_share_a_unit() -> None:
    made = clock(event("start", 0, 0.0), event("finish", 100, 30.0))
    axis = time_axis(made, OVER, unit_of(600.0))
    assert axis is not None
    assert axis.label == "minutes"
    np.testing.assert_allclose(axis.place(np.array([100.0])), [0.5])


def test_examples_are_steps_times_rows_of_a_step() -> None:
    run = replace(RUN, progress=Progress(1, 20, 200, 6000, 0.0, 0.0))
    axis = examples_axis(run, 32)
    assert axis is not None
    assert axis.place(np.array([10.0]))[0] == 320.0
    assert examples_axis(run, 0) is None
    assert x_axis("examples", run, TrainingClock()).label == "step"
