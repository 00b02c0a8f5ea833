"""Loss weights that a user set during a run, read from the events that the run wrote.

Covers: mtl_core/training/manual_weights.py.
"""

from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any

import pytest

from mtl_core.errors import StoreError
from mtl_core.protocol.requests import CheckpointRequest, PauseRequest, Request, ResumeRequest, WeightsRequest
from mtl_core.protocol.weight_moves import read_weight_moves
from mtl_core.runner.execution import execute
from mtl_core.runner.replay import spec_with_manual_weights, weight_moves
from mtl_core.spec import ExperimentSpec, WeightMove, spec_from_data, spec_to_data
from mtl_core.store import RunStore, sqlite
from mtl_core.training import trainer
from tests.runner.conftest import Experiment

Script = Mapping[int, list[Request]]


@pytest.fixture(autouse=True)
def tick_at_every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainer, "TICK_SECONDS", 0.0)


def width(weight: float) -> WeightsRequest:
    return WeightsRequest(weights={"species": 1.0, "width": weight})


def move(step: int, weight: float) -> WeightMove:
    return WeightMove(step=step, weights={"species": 1.0, "width": weight})


def moving(spec: ExperimentSpec, *moves: WeightMove) -> ExperimentSpec:
    return spec.model_copy(update={"weighting": spec.weighting.model_copy(update={"moves": moves})})


def asking(store: RunStore, run: int, script: Script, fails_at: int | None = None) -> Callable[[Any], None]:
    """Asks once what a script holds for a step, and fails at one as when the process dies."""
    remaining = dict(script)

    def observe(progress: Any) -> None:
        for request in remaining.pop(progress.step, ()):  # progress of a step is reported again after a pause
            store.add_request(run, request)
        if progress.step == fails_at:
            raise OSError("the cable fell out")

    return observe


def trained(store: RunStore, spec: ExperimentSpec, script: Script) -> int:
    run = store.create_run(spec)
    assert execute(store, run, observer=asking(store, run, script)).state == "finished"
    return run


def resumed_from_step_5(store: RunStore, experiment: Experiment, script: Script) -> int:
    """A run that saved itself at step 5, died at step 11 and went on from step 5."""
    spec = experiment(training__checkpoint_seconds=86_400)
    run = store.create_run(spec)
    script = {5: [CheckpointRequest()], **script}
    assert execute(store, run, observer=asking(store, run, script, fails_at=11)).state == "failed"
    assert execute(store, run).state == "finished"
    return run


def test_without_moves_the_spec_is_run_again_as_it_is(store: RunStore, experiment: Experiment) -> None:
    spec = experiment()
    assert spec_with_manual_weights(spec, store.events(trained(store, spec, {}))) is spec


def test_moves_of_a_person_follow_those_of_the_spec(store: RunStore, experiment: Experiment) -> None:
    first, last = move(2, 2.0), WeightMove(step=9, weights=None)
    spec = moving(experiment(), first, last)
    run = trained(store, spec, {4: [width(0.5)], 6: [width(3.0)]})
    again = spec_with_manual_weights(spec, store.events(run))
    assert again.weighting.moves == (first, move(4, 0.5), move(6, 3.0), last)
    assert spec_from_data(spec_to_data(again)) == again
    assert len(read_weight_moves(event.content for event in store.events(run)).applied) == 4


def test_of_moves_at_one_step_the_last_is_replayed(store: RunStore, experiment: Experiment) -> None:
    spec = moving(experiment(), move(4, 2.0))
    run = trained(store, spec, {4: [width(5.0), width(6.0)]})
    assert spec_with_manual_weights(spec, store.events(run)).weighting.moves == (move(4, 6.0),)


def test_a_move_made_during_a_pause_is_replayed(store: RunStore, experiment: Experiment) -> None:
    spec = experiment()
    run = trained(store, spec, {3: [PauseRequest(), width(2.0), ResumeRequest()]})
    assert [event.kind for event in store.events(run) if event.kind in ("pause", "weights", "resume")] == [
        "pause",
        "weights",
        "resume",
    ]
    assert spec_with_manual_weights(spec, store.events(run)).weighting.moves == (move(3, 2.0),)


def test_a_run_that_goes_back_to_a_checkpoint_says_so_by_a_start(store: RunStore, experiment: Experiment) -> None:
    """Moves after the checkpoint are made again, so that the repetition has them, once."""
    run = resumed_from_step_5(store, experiment, {3: [width(3.0)], 8: [width(8.0)]})
    events = store.events(run)
    assert [(event.kind, event.step) for event in events if event.kind in ("start", "resume", "weights")] == [
        ("start", 0),
        ("weights", 3),
        ("weights", 8),
        ("start", 5),
        ("weights", 8),
    ]
    assert weight_moves(events) == (move(3, 3.0), move(8, 8.0))


def test_until_a_move_is_made_again_it_is_not_in_force(store: RunStore, experiment: Experiment) -> None:
    run = resumed_from_step_5(store, experiment, {3: [width(3.0)], 8: [width(8.0)]})
    events = store.events(run)
    back = next(i for i, event in enumerate(events) if (event.kind, event.step) == ("start", 5))
    steps = [
        [move.data.step for move in read_weight_moves(event.content for event in events[:end]).applied]
        for end in (back, back + 1, len(events))
    ]
    assert steps == [[3, 8], [3], [3, 8]]
    assert weight_moves(events[: back + 1]) == (move(3, 3.0), move(8, 8.0))


def test_a_run_with_a_damaged_move_is_not_repeated_otherwise(store: RunStore, experiment: Experiment) -> None:
    spec = experiment()
    run = trained(store, spec, {4: [width(0.5)]})
    with closing(sqlite.library().connect(store.name)) as connection, connection:
        connection.execute("UPDATE events SET data = '{\"weights\": \"much\"}' WHERE kind = 'weights'")
    with pytest.raises(StoreError, match=f"run {run}: its event of loss weights set at step 4 is damaged"):
        spec_with_manual_weights(spec, store.events(run))
    assert read_weight_moves(event.content for event in store.events(run)).applied == ()


def test_a_request_that_cannot_be_read_is_passed_over_with_a_warning(store: RunStore, experiment: Experiment) -> None:
    run = store.create_run(experiment())
    with closing(sqlite.library().connect(store.name)) as connection, connection:
        rows = [(run, "weights", '{"weights": "much"}'), (run, "dance", "{}"), (run, "pause", "[1]")]
        connection.executemany("INSERT INTO requests (run_id, kind, payload, time) VALUES (?, ?, ?, 0.0)", rows)
    assert execute(store, run).state == "finished"
    warnings = [event.message for event in store.events(run) if event.kind == "warning"]
    assert [text.split()[1] for text in warnings] == ["weights", "dance", "pause"]
